public import Postgres

/// The key of a source row, as PostgreSQL prints its columns. Compared by bytes here, and by order only in SQL.
public struct Key: Hashable, Sendable, CustomStringConvertible {
    /// One value a key column.
    public let parts: [[UInt8]]

    /// A key from the text of its columns.
    public init(_ parts: [[UInt8]]) {
        self.parts = parts
    }

    /// A key from as many columns of a result, from the given one on.
    public init(_ row: Row, from first: Int = 0, columns: Int) {
        self.init((first..<first + columns).compactMap { row.bytes($0) })
    }

    /// The value to bind where the ledger keeps a bound.
    var parameter: Parameter { .textArray(parts) }

    /// The key for people: its columns with commas between them.
    public var description: String {
        parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
    }
}

/// A range of keys: above `lower`, up to and including `upper`; nil is open.
public struct KeyRange: Sendable, Equatable {
    /// The key before the first.
    public let lower: Key?
    /// The last key.
    public let upper: Key?

    /// A range between two keys.
    public init(above lower: Key?, through upper: Key?) {
        self.lower = lower
        self.upper = upper
    }
}

/// Names a stage of a run whose chunks are worked through, and how many columns its keys have.
public struct ChunkedStage: Sendable {
    /// The run.
    public let run: RunID
    /// The stage's name.
    public let name: String
    /// How many columns a key has.
    public let keyColumns: Int
    /// Which of the tables that the stage works through is meant, from 1.
    public let part: Int

    /// A stage by run and name.
    public init(run: RunID, name: String, keyColumns: Int, part: Int = 1) {
        self.run = run
        self.name = name
        self.keyColumns = keyColumns
        self.part = part
    }

    /// The condition that picks the rows of every part of the stage.
    var allRows: SQL { "run_id = \(.int(run.value)) and stage = \(.text(name))" }

    /// The condition that picks the rows of this part of the stage.
    var rows: SQL { "\(allRows) and part = \(.int(Int64(part)))" }

    /// The bounds of a chunk, one result column a key column.
    var bounds: SQL {
        let columns = ["lower", "upper"].flatMap { bound in (1...keyColumns).map { "\(bound)[\($0)]" } }
        return SQL(unsafe: columns.joined(separator: ", "))
    }

    /// Reads what `bounds` selected, from the given result column on.
    func range(in row: Row, from column: Int) -> KeyRange {
        func key(at first: Int) -> Key? {
            let key = Key(row, from: first, columns: keyColumns)
            return key.parts.count == keyColumns ? key : nil
        }
        return KeyRange(above: key(at: column), through: key(at: column + keyColumns))
    }
}

/// A chunk that a worker may work on, because a commit has counted the attempt.
public struct Claim: Sendable, Equatable {
    /// Names the chunk.
    public let n: Int64
    /// Its keys.
    public let range: KeyRange
    /// How many attempts were begun, this one included.
    public let attempt: Int64
    /// When verifying: the chunk of the verified stage that holds its keys.
    public let origin: Int64?

    /// A claim on a chunk, whose attempts are counted already.
    public init(n: Int64, range: KeyRange, attempt: Int64, origin: Int64? = nil) {
        self.n = n
        self.range = range
        self.attempt = attempt
        self.origin = origin
    }
}

extension Claim {
    /// The same claim on the part of its keys that ends with one of them.
    public func through(_ key: Key) -> Claim {
        Claim(n: n, range: KeyRange(above: range.lower, through: key), attempt: attempt, origin: origin)
    }
}

/// What became of the rows of a chunk.
public struct ChunkOutcome: Sendable, Equatable {
    /// Source rows whose rows are in the target.
    public var migrated: Int64 = 0
    /// Source rows that give no row.
    public var empty: Int64 = 0
    /// Source rows that became rejects.
    public var rejected: Int64 = 0
    /// Of the migrated: those whose equal rows were there already.
    public var adopted: Int64 = 0
    /// Of the migrated: those whose rows were there already, differ, and were kept as the operator asked.
    public var kept: Int64 = 0
    /// When verifying: source rows that differ and changed since they were read.
    public var stale: Int64 = 0
    /// When verifying: source rows that differ and are as they were read.
    public var wrong: Int64 = 0
    /// When verifying: rows of the target that no source row gives.
    public var extra: Int64 = 0
    /// When verifying: values in the source that others have set, where ours would have gone.
    public var others: Int64 = 0
    /// Rows of the target that they gave.
    public var targetRows: Int64 = 0
    /// Bytes of documents read.
    public var bytes: Int64 = 0
    /// What was seen.
    public var seen = SeenRows()
    /// How often each unmapped key was met, by the bytes of its printable name: two names that look the same are two.
    public var unmapped: [[UInt8]: Int64] = [:]

    /// Nothing read yet.
    public init() {}

    /// Source rows read.
    public var read: Int64 { migrated + empty + rejected + stale + wrong }
}
