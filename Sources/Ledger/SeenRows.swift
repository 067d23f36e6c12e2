/// What became of a source row, by the letter that the ledger keeps of it.
public enum RowFate: UInt8, Sendable {
    /// `m`: its rows are in the target; when verifying, and are as they should be.
    case migrated = 0x6D
    /// `e`: it gives no row.
    case empty = 0x65
    /// `r`: it has an open or accepted reject.
    case rejected = 0x72
    /// `s`: when verifying: it differs and was written to since it was migrated.
    case stale = 0x73
    /// `w`: when verifying: it differs and is as it was migrated.
    case wrong = 0x77
}

/// What a chunk saw of its source rows, in key order: enough to tell later which of them changed.
public struct SeenRows: Sendable, Equatable {
    /// The size of one entry: a 64-bit hash of the key, then xmin.
    public static let entrySize = 12

    /// The rows in key order.
    private(set) var rows: [SeenRow] = []
    /// The sum of the rows' marks: a hash of key and xmin that the server can compute and add up too.
    public private(set) var sum: Int128 = 0
    private var marks: [Int64] = []

    /// Nothing seen yet.
    public init() {}

    /// How many rows were seen.
    public var count: Int { rows.count }

    /// The entries as they are stored, end to end, big-endian.
    public var entries: [UInt8] { StoredRows(rows).seen }

    /// Adds a row.
    public mutating func append(keyHash: Int64, xmin: UInt32, mark: Int64, fate: RowFate = .migrated) {
        rows.append(SeenRow(keyHash: keyHash, xmin: xmin, fate: fate))
        marks.append(mark)
        sum += Int128(mark)
    }

    /// Notes what became of a row.
    public mutating func settle(_ fate: RowFate, at index: Int) {
        rows[index].fate = fate
    }

    /// Notes that we wrote a value to a row ourselves, its hash, and what the row looks like since.
    public mutating func rewrite(at index: Int, xmin: UInt32, mark: Int64, value: Int64?) {
        rows[index].xmin = xmin
        rows[index].written = value
        sum += Int128(mark) - Int128(marks[index])
        marks[index] = mark
    }

    /// Notes that a row still has the value, of this hash, that we wrote to it before.
    public mutating func keep(_ value: Int64, at index: Int) {
        rows[index].written = value
    }

    /// A hash of key and xmin of a row, by its place.
    public func mark(at index: Int) -> Int64 { marks[index] }

    /// A row by its place in key order.
    public func row(at index: Int) -> SeenRow { rows[index] }
}

/// A source row as a chunk that is done saw it.
public struct SeenRow: Sendable, Equatable {
    /// A 64-bit hash of its key.
    public let keyHash: Int64
    /// Which transaction wrote it last.
    public var xmin: UInt32
    /// What became of it.
    public var fate: RowFate
    /// A hash of the value that we wrote back to it; nil where we wrote none.
    public var written: Int64?

    /// A row as it was seen.
    public init(keyHash: Int64, xmin: UInt32, fate: RowFate, written: Int64? = nil) {
        self.keyHash = keyHash
        self.xmin = xmin
        self.fate = fate
        self.written = written
    }
}
