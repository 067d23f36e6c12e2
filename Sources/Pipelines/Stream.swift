public import Postgres

/// What a stream stage reads, what becomes of it, and where it goes.
public struct Stream: Equatable, Sendable {
    /// The table that is read.
    public let source: Source
    /// What makes target rows of a source row.
    public let transform: BuiltInTransform
    /// The tables that are filled, one for each kind of rows that the transform makes, in its order.
    public let targets: [Target]
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
        /// Columns that go into columns of the same name in the target, as they are.
        public let carry: [Identifier]
        /// Whether there is nothing to do, and that is well, where a column that the transform reads is not there.
        public let maybeMissing: Bool
    }

    /// A table that is filled.
    public struct Target: Equatable, Sendable {
        /// Its name; it is not the source.
        public let table: Identifier
        /// The columns that hold the source row's key, as many and in the same order.
        public let parent: [Identifier]
        /// Which rows of the table are this stream's, as one SQL expression in canonical form; nil where all are.
        public let rows: String?
    }
}

/// The transforms that are built into this program, by the names that files give them.
public enum BuiltInTransform: String, CaseIterable, Sendable {
    /// A chapter of a memoir becomes its sections: reads the document and the list of its images.
    case memoirSections = "memoir-sections"
    /// A picture of a memoir becomes a row: reads one picture. A carried column holds the chapter of a section's picture;
    /// without one the picture is the cover of the chapter that the key names.
    case memoirImages = "memoir-images"
    /// The same as the first, and the sections' pictures become rows of a second table, which the sections name.
    case memoir

    /// How many columns it reads; a pipeline must name as many.
    public var columnCount: Int {
        switch self {
        case .memoirSections, .memoir: 2
        case .memoirImages: 1
        }
    }

    /// How many columns it lets be carried over.
    public var carryCounts: ClosedRange<Int> {
        switch self {
        case .memoirSections, .memoir: 0...0
        case .memoirImages: 0...1
        }
    }

    /// How many tables it makes rows for; a pipeline must name as many.
    public var targetCount: Int {
        switch self {
        case .memoirSections, .memoirImages: 1
        case .memoir: 2
        }
    }

    /// Whether it has a second result, which a stream may write back to the source row.
    var hasSecondResult: Bool {
        switch self {
        case .memoirSections, .memoir: true
        case .memoirImages: false
        }
    }
}
