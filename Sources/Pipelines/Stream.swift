public import Postgres

/// What a stream stage reads, what becomes of it, and where it goes.
public struct Stream: Equatable, Sendable {
    /// The table that is read.
    public let source: Source
    /// What makes target rows of a source row.
    public let transform: BuiltInTransform
    /// The table that is filled.
    public let target: Target
    /// The column of the source row into which the transform's second result goes; nil when it is not kept.
    public let writeBack: Identifier?

    /// The table that is read.
    public struct Source: Equatable, Sendable {
        /// Its name.
        public let table: Identifier
        /// The columns that tell its rows apart, in the order in which rows are read; at least one.
        public let key: [Identifier]
        /// The columns the transform reads, in the transform's order; none of them is part of the key.
        public let columns: [Identifier]
    }

    /// The table that is filled.
    public struct Target: Equatable, Sendable {
        /// Its name; it is not the source.
        public let table: Identifier
        /// The columns that hold the source row's key, as many and in the same order.
        public let parent: [Identifier]
    }
}

/// The transforms that are built into this program, by the names that files give them.
public enum BuiltInTransform: String, CaseIterable, Sendable {
    /// A chapter of a memoir becomes its sections: reads the document and the list of its images.
    case memoirSections = "memoir-sections"

    /// How many columns it reads; a pipeline must name as many.
    public var columnCount: Int {
        switch self {
        case .memoirSections: 2
        }
    }
}
