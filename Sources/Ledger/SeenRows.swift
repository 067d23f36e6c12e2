import Postgres

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

/// The rows of a chunk in the form in which the table `chunks` has them.
struct StoredRows {
    /// 12 bytes a row: hash of its key, xmin.
    var seen: [UInt8] = []
    /// A letter a row.
    var fates: [UInt8] = []
    /// A bit a row: whether we wrote a value back to it.
    var written: [UInt8] = []
    /// 8 bytes for each bit that is set: a hash of the value.
    var values: [UInt8] = []

    /// The columns, as they are read.
    static let columns: SQL = "encode(seen, 'hex'), fates, encode(written, 'hex'), encode(written_values, 'hex')"

    /// Reads what `columns` selected, from the given result column on.
    static func rows(in row: Row, from column: Int) -> [SeenRow] {
        rows(
            seen: row.bytes(column) ?? [], fates: row.bytes(column + 1) ?? [], written: row.bytes(column + 2) ?? [],
            values: row.bytes(column + 3) ?? [])
    }

    /// The assignments that store them.
    var assignments: SQL {
        """
        seen = \(.bytes(seen)), fates = \(.text(String(decoding: fates, as: UTF8.self))),
        written = \(.bytes(written)), written_values = \(.bytes(values))
        """
    }

    init(_ rows: [SeenRow]) {
        written = [UInt8](repeating: 0, count: (rows.count + 7) / 8)
        seen.reserveCapacity(rows.count * SeenRows.entrySize)
        fates.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            withUnsafeBytes(of: row.keyHash.bigEndian) { seen.append(contentsOf: $0) }
            withUnsafeBytes(of: row.xmin.bigEndian) { seen.append(contentsOf: $0) }
            fates.append(row.fate.rawValue)
            guard let value = row.written else { continue }
            written[index / 8] |= 1 << UInt8(index % 8)
            withUnsafeBytes(of: value.bigEndian) { values.append(contentsOf: $0) }
        }
    }

    private static func rows(seen: [UInt8], fates: [UInt8], written: [UInt8], values: [UInt8]) -> [SeenRow] {
        let size = 2 * SeenRows.entrySize
        var nextValue = 0
        // Without the checks of an array: there are two dozen digits for each row of a table.
        return seen.withUnsafeBufferPointer { digits in
            (0..<seen.count / size).map { index in
                var value: Int64?
                // Two digits a byte, the lowest bit first within each.
                let digit = index / 8 * 2 + (index % 8 < 4 ? 1 : 0)
                if digit < written.count, number(written[digit...digit]) >> UInt64(index % 4) & 1 == 1 {
                    value = Int64(bitPattern: number(values[nextValue..<nextValue + 16]))
                    nextValue += 16
                }
                let entry = digits[index * size..<(index + 1) * size]
                return SeenRow(
                    keyHash: Int64(bitPattern: number(entry.prefix(16))),
                    xmin: UInt32(truncatingIfNeeded: number(entry.suffix(8))),
                    fate: index < fates.count ? RowFate(rawValue: fates[index]) ?? .migrated : .migrated, written: value
                )
            }
        }
    }

    private static func number(_ digits: some Sequence<UInt8>) -> UInt64 {
        digits.reduce(0) { $0 << 4 | UInt64($1 < 0x3A ? $1 &- 0x30 : $1 &- 0x57) }
    }
}
