public import Postgres

/// One source row and what it would become, each value cut to an excerpt.
public struct RowPreview: Sendable, Equatable {
    /// What would become of the row.
    public enum Fate: Sendable, Equatable {
        /// These rows of each target.
        case rows([TargetRows])
        /// No row.
        case empty
        /// A reject.
        case rejected(code: String, message: String)
    }

    /// Rows of one table.
    public struct TargetRows: Sendable, Equatable {
        /// The table.
        public let table: QualifiedName
        /// The values of each row.
        public let rows: [[Value]]
    }

    /// The beginning of a value.
    public struct Value: Sendable, Equatable {
        /// The column.
        public let column: String
        /// The first characters, as PostgreSQL prints them; nil for NULL.
        public let excerpt: String?
        /// How many characters it has in all.
        public let length: Int64
    }

    /// The stage that would read it.
    public let stage: String
    /// The source.
    public let source: QualifiedName
    /// The tables that would be filled.
    public let targets: [QualifiedName]
    /// The row's key.
    public let key: String
    /// The documents that are read.
    public let documents: [Value]
    /// What becomes of it.
    public let fate: Fate
    /// The value that is written back to the row where it has none; nil where there is none to write.
    public let writtenBack: Value?
}
