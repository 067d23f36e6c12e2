public import Postgres

/// What a pipeline file says, checked as a whole: only reading a file makes one.
public struct Pipeline: Equatable, Sendable {
    /// Its name, which is also its file's name without `.json`.
    public let name: String
    /// What it does, in one sentence for people.
    public let title: String
    /// The schema in which its tables are, unless the operator names another; nil when the file says nothing.
    public let schema: Identifier?
    /// The pipelines that must be done on the same schema before this one can begin; in order, none twice.
    public let needs: [String]
    /// The pipelines of the project that fill the same tables in another way, whether this one's file says so or theirs: on
    /// a schema on which one of them was begun this one is not.
    public let rivals: [String]
    /// Its stages in the order in which they run; at least one, no two of the same name.
    public let stages: [Stage]
    /// The file it was read from, relative to the project.
    public let file: String
}

/// One step of a pipeline, done as a whole before the next begins.
public struct Stage: Equatable, Sendable {
    /// Its name: lower-case letters, digits and hyphens, unique in the pipeline.
    public let name: String
    /// What it does, in one sentence for people.
    public let title: String?
    /// Whether it runs only when it is asked for by name.
    public let isOptional: Bool
    /// Whether it destroys data and so needs the operator's confirmation; such a stage is optional, too.
    public let isDestructive: Bool
    /// What it does.
    public let work: Work
    /// The line of the file where it begins.
    public let line: Int
}

/// What a stage does; one case for each kind.
public enum Work: Equatable, Sendable {
    /// Queries that must hold.
    case check(SQLScript)
    /// Scripts that run one after the other in one transaction; at least one.
    case sql([SQLScript])
    /// Rows of a source table, transformed into rows of a target.
    case stream(Stream)
    /// One statement that works through a table, range of keys by range of keys.
    case batch(SQLBatch)
    /// Constraints and indexes that are built where they are missing.
    case constraints([Constraint])
    /// What other stages wrote, compared with what they should have written.
    case verify(Verification)
    /// Columns that are dropped once all of their rows have been shown to be elsewhere.
    case retire(Retirement)

    /// The kind's name, as it stands in the file.
    public var kind: String { stageKind.rawValue }

    private var stageKind: StageKind {
        switch self {
        case .check: .check
        case .sql: .sql
        case .stream: .stream
        case .batch: .batch
        case .constraints: .constraints
        case .verify: .verify
        case .retire: .retire
        }
    }
}

/// The kinds of stages there are, by the names that files give them.
enum StageKind: String, CaseIterable {
    case check, sql, stream, batch, constraints, verify, retire
}
