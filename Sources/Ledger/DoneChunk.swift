public import Postgres

/// A chunk that is done, with what it knows of each of its rows: exactly those that are counted as migrated, empty or
/// rejected. One that is gone is no longer among them.
public struct DoneChunk: Sendable {
    /// Names the chunk.
    public let n: Int64
    /// When verifying: the chunk of the verified stage that holds its keys.
    public let origin: Int64?
    /// Its keys.
    public let range: KeyRange
    /// What it saw, in key order.
    public var rows: [SeenRow]
    /// The sum of the rows' marks, as text.
    public let sum: String
}

/// What the rows of a chunk that is done add up to.
public struct DoneSum: Sendable {
    /// Names the chunk.
    public let n: Int64
    /// Its keys.
    public let range: KeyRange
    /// How many rows it saw.
    public let rows: Int64
    /// The sum of their marks, as text.
    public let sum: String
    /// When verifying: whether rows of it were found to be stale.
    public let isStale: Bool
}

/// What comes to the counts of a chunk that its rows do not tell.
public struct ChunkAdditions: Sendable {
    /// Rows that are not there any more.
    public var gone: Int64
    /// Of the migrated: those whose equal rows were in the target already.
    public var adopted: Int64
    /// Of the migrated: those whose rows were there already, differ, and were kept.
    public var kept: Int64
    /// When verifying: rows of the target that nothing gives.
    public var extra: Int64
    /// When verifying: values that others have set.
    public var others: Int64

    /// Nothing but what is given.
    public init(gone: Int64 = 0, adopted: Int64 = 0, kept: Int64 = 0, extra: Int64 = 0, others: Int64 = 0) {
        self.gone = gone
        self.adopted = adopted
        self.kept = kept
        self.extra = extra
        self.others = others
    }
}

extension Ledger {
    /// What the chunks of a stage that are done add up to, each. What they know of each row is not read: that grows with the
    /// table.
    public func doneSums(
        of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [DoneSum] {
        try transaction.run(
            """
            select n, length(fates), seen_sum::text, position('s' in fates) > 0, \(stage.bounds) from chunks
             where \(stage.rows) and state = 'done' order by n
            """
        ).rows.map { row in
            DoneSum(
                n: row.int(0) ?? 0, range: stage.range(in: row, from: 4), rows: row.int(1) ?? 0,
                sum: row.text(2) ?? "0", isStale: row.bool(3))
        }
    }

    /// A chunk that is done; nil when it is not.
    public func doneChunk(
        _ n: Int64, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> DoneChunk? {
        try doneChunks(of: stage, "state = 'done' and n = \(.int(n))", transaction).first
    }

    /// Locks a chunk that is done, to change what it knows; nil when it is not done. Waits for whoever holds its row.
    public func lockDoneChunk(
        _ n: Int64, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> DoneChunk? {
        try doneChunks(of: stage, "state = 'done' and n = \(.int(n)) for update", transaction).first
    }

    /// Locks the chunks that are done in whose ranges some keys are, which are one at least; gives each with its keys, by their
    /// places. `keyTypes` are the types of the table's key with their collations.
    public func lockDoneChunks(
        holding keys: [Key], keyTypes: [String], of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(chunk: DoneChunk, keys: [Int])] {
        var places: [Int64: [Int]] = [:]
        for row in try transaction.run(Self.chunks(holding: keys, keyTypes, of: stage)).rows {
            if let n = row.int(0), let place = row.int(1) { places[n, default: []].append(Int(place)) }
        }
        let chunks = try doneChunks(
            of: stage, "state = 'done' and n = any (\(.intArray(places.keys.sorted()))) order by n for update",
            transaction)
        return chunks.map { ($0, places[$0.n] ?? []) }
    }

    /// Which chunk each key belongs to: that of the next upper bound. Bounds and keys are put in one order, so that this takes no
    /// longer than to sort them.
    private static func chunks(holding keys: [Key], _ types: [String], of stage: ChunkedStage) -> SQL {
        let columns = types.indices.map { place -> SQL in "\(.textArray(keys.map { $0.parts[place] }))" }
        let names = types.indices.map { "k\($0)" }.joined(separator: ", ")
        let bounds = types.enumerated().map { "upper[\($0 + 1)]::\($1)" }.joined(separator: ", ")
        let given = types.enumerated().map { "k\($0)::\($1)" }.joined(separator: ", ")
        return """
            with given as (select place - 1, \(unsafe: given)
                             from unnest(\(SQL.joined(columns, separator: ", "))) with ordinality as g (\(unsafe: names), place)),
                 both_kinds (n, place, \(unsafe: names)) as (
                     select n, null::bigint, \(unsafe: bounds) from chunks where \(stage.rows)
                     union all select null, * from given),
                 ordered as (
                     select n, place, count(n) over (order by \(unsafe: names), n is not null
                                                     rows between unbounded preceding and current row) as before
                       from both_kinds)
            select bound.n, key.place from ordered key join ordered bound on bound.before = key.before + 1 and bound.n is not null
             where key.place is not null
            """
    }

    private func doneChunks(
        of stage: ChunkedStage, _ which: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [DoneChunk] {
        let found = try transaction.run(
            """
            select n, seen_sum::text, origin, \(StoredRows.columns), \(stage.bounds) from chunks where \(stage.rows) and \(which)
            """)
        return found.rows.map { row in
            DoneChunk(
                n: row.int(0) ?? 0, origin: row.int(2), range: stage.range(in: row, from: 7),
                rows: StoredRows.rows(in: row, from: 3),
                sum: row.text(1) ?? "0")
        }
    }

    /// Stores what a chunk knows now; its counts follow from it. `sum` may refer to the sum that was, as `seen_sum`, and
    /// `targetRows` to the number of rows written, as `target_rows`.
    public func renew(
        _ chunk: DoneChunk, of stage: ChunkedStage, sum: SQL, targetRows: SQL = "target_rows",
        adding more: ChunkAdditions = ChunkAdditions(), _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        func count(_ fate: RowFate) -> Parameter { .int(Int64(chunk.rows.count { $0.fate == fate })) }
        try transaction.changeOne(
            """
            update chunks
               set \(StoredRows(chunk.rows).assignments), seen_sum = \(sum), gone = gone + \(.int(more.gone)),
                   read = \(.int(Int64(chunk.rows.count))) + gone + \(.int(more.gone)), migrated = \(count(.migrated)),
                   empty = \(count(.empty)), rejected = \(count(.rejected)), stale = \(count(.stale)),
                   wrong = \(count(.wrong)), adopted = least(adopted + \(.int(more.adopted)), \(count(.migrated))),
                   kept = least(kept + \(.int(more.kept)), \(count(.migrated))), target_rows = \(targetRows),
                   extra = extra + \(.int(more.extra)), others = others + \(.int(more.others))
             where \(stage.rows) and n = \(.int(chunk.n))
            """)
    }

    /// The sum of the marks of some rows: the hashes of their keys and `xmin`.
    public func sumOfMarks(
        _ rows: [(key: Key, xmin: UInt32)], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Int128 {
        if rows.isEmpty { return 0 }
        let columns = (0..<(rows[0].key.parts.count)).map { part -> SQL in
            "\(.textArray(rows.map { $0.key.parts[part] }))"
        }
        let names = columns.indices.map { "k\($0)" }
        let printed = names.count == 1 ? names[0] : "array[\(names.joined(separator: ", "))]::text"
        let found = try transaction.row(
            """
            select sum(hashtextextended(\(unsafe: printed) collate "C", x))::text
              from unnest(\(SQL.joined(columns, separator: ", ")), \(.intArray(rows.map { Int64($0.xmin) })))
                   as r (\(unsafe: names.joined(separator: ", ")), x)
            """)
        return found.text(0).flatMap { Int128($0) } ?? 0
    }
}
