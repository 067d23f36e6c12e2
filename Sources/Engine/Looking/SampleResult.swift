public import Postgres

/// What a sample of a source would become: it was read and transformed, and nothing was written.
public struct SampleResult: Sendable {
    /// What came of trying.
    public enum Outcome: Sendable {
        case tried(Tally)
        /// The source cannot be read, for the reasons given.
        case impossible([String])
    }

    /// The stage that would read it.
    public let stage: String
    /// The source.
    public let source: QualifiedName
    /// The tables that would be filled.
    public let targets: [QualifiedName]
    /// What came of it.
    public let outcome: Outcome

    /// The counts; nil where the source cannot be read.
    public var tally: Tally? { if case .tried(let tally) = outcome { tally } else { nil } }

    /// What became of the rows that were tried.
    public struct Tally: Sendable, Equatable {
        /// Rows tried.
        public internal(set) var rows: Int64 = 0
        /// Whether they are all the rows that there are.
        public internal(set) var isWhole = false
        /// Of them: rows that give rows.
        public internal(set) var migrated: Int64 = 0
        /// Of them: rows that give none.
        public internal(set) var empty: Int64 = 0
        /// Of them: rows that would become rejects.
        public internal(set) var rejected: Int64 = 0
        /// Rows that they give of each target.
        public internal(set) var rowsOfTargets: [Int64] = []
        /// Bytes of those rows.
        public internal(set) var bytesOfTargets: [Int64] = []
        /// Of the rows tried: those to which a value would be written back.
        public internal(set) var writtenBack: Int64 = 0
        /// Bytes of documents read.
        public internal(set) var documentBytes: Int64 = 0
        /// The rejects by code, the most frequent first.
        public internal(set) var rejects: [Rejects] = []
        /// Keys that nothing reads, the most frequent first.
        public internal(set) var unmapped: [UnmappedKey] = []

        /// Rows that they give of all targets.
        public var targetRows: Int64 { rowsOfTargets.reduce(0, +) }
        /// Bytes of those rows.
        public var targetBytes: Int64 { bytesOfTargets.reduce(0, +) }

        /// Rows of a target that a source row gives, on average.
        func rowsEach(of target: Int) -> Double { rows > 0 ? Double(rowsOfTargets[target]) / Double(rows) : 0 }
    }

    /// The rejects of one code.
    public struct Rejects: Sendable, Equatable {
        /// The code.
        public let code: String
        /// How many there are.
        public internal(set) var count: Int64
        /// The first of them.
        public internal(set) var examples: [Example]
    }

    /// One reject.
    public struct Example: Sendable, Equatable {
        /// The row's key.
        public let key: String
        /// Why it is one, for people.
        public let message: String
    }
}
