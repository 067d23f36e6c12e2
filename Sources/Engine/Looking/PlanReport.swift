public import Postgres

/// What a run would do, what it needs, and what is in its way: a description, made without writing anything.
public struct PlanReport: Sendable {
    /// The pipeline.
    public let pipeline: String
    /// What it does, in one sentence.
    public let title: String
    /// The schema whose tables it works on.
    public let schema: String
    /// The database, the server's version, and the role that looked.
    public let server: ServerName
    /// Where the ledger could not be read, why; the stages are then told as if nothing had been done.
    public let ledgerClosed: String?
    /// What would keep a run from beginning, with what to do.
    public let refusals: [Failure]
    /// The stages in order.
    public let stages: [PlannedStage]
    /// The tables that the stages name.
    public let tables: [TableSize]
    /// What became of a sample of each source that is still to be read.
    public let samples: [SampleResult]
    /// The disk that the run needs on the server.
    public let disk: DiskNeed
    /// Who holds locks on the tables now, or waits for some.
    public let locks: [String]
    /// The statements that give the role what it lacks for the stages that a run does.
    public let grants: [String]
    /// What could not be looked at, and why.
    public let notes: [String]

    /// What names a server and who asks it.
    public struct ServerName: Sendable, Equatable {
        /// The database.
        public let database: String
        /// The server's version as it says it.
        public let version: String
        /// The role.
        public let role: String
    }

    /// How to back up the tables before; nil where none is there.
    public var backup: BackupAdvice? {
        BackupAdvice(tables, database: server.database, pipeline: pipeline)
    }

    /// Whether a run would have nothing to do.
    public var isDone: Bool { !stages.contains { $0.state == .toDo || $0.state == .begun } }
}

/// One stage of a plan.
public struct PlannedStage: Sendable {
    /// How a stage stands.
    public enum State: Sendable, Equatable {
        /// It is done since then.
        case done(at: String)
        /// It is done because there was nothing to do, for the reason given.
        case skipped(because: String)
        /// It was begun and is not at its end.
        case begun
        /// A run would do it.
        case toDo
        /// It is done only when it is asked for.
        case optional
    }

    /// The stage.
    public let name: String
    /// The kind of its work.
    public let kind: String
    /// What it does, in one sentence.
    public let title: String?
    /// How it stands.
    public let state: State
    /// Whether it destroys data and needs confirmation.
    public let isDestructive: Bool
    /// What it runs, in order.
    public internal(set) var statements: [PlannedStatement] = []
    /// The chunks that it works in, where it does.
    public internal(set) var chunks: ChunkPlan?
    /// More about it, one sentence each.
    public internal(set) var notes: [String] = []
    /// Of a stage that drops columns: for what the server would refuse that.
    public internal(set) var blocking: [String] = []
    /// Of a stage that drops columns: what goes with them.
    public internal(set) var going: [String] = []
    /// Of a stage that drops columns: about how many bytes their archive takes; nil where that is not known.
    public internal(set) var archiveBytes: Int64?
    /// The statements that give the role what it lacks for the stage.
    public internal(set) var grants: [String] = []

    /// Whether nothing is left of it.
    public var isOver: Bool {
        switch state {
        case .done, .skipped: true
        case .begun, .toDo, .optional: false
        }
    }

    /// The chunks of a stage.
    public struct ChunkPlan: Sendable, Equatable {
        /// The table that is worked through.
        public let table: QualifiedName
        /// Its rows, counted or estimated; nil where neither can be done.
        public let rows: Int64?
        /// Whether that is an estimate of the server's.
        public let isEstimated: Bool
        /// How many rows a chunk is planned with.
        public let rowsEach: Int64
        /// How many chunks there are or will be; nil where the rows are not known.
        public let count: Int64?
        /// How many of them are done.
        public let done: Int64
    }
}

/// One statement that a stage runs.
public struct PlannedStatement: Sendable, Equatable {
    /// The statement; `:range` stands for the condition that picks a chunk.
    public let text: String
    /// The file and the line where it stands; nil for one that etl makes.
    public let place: String?
    /// The locks that it takes on tables that are there; nil where they are not known.
    public let locks: [LockUse]?
    /// Whether it is in a transaction of its own, so that its locks do not add up with others'.
    public let isAlone: Bool
}
