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
    /// The sum of the rows' marks.
    public var sum: Int128
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

/// What a chunk that is done, and locked, knows from now on.
public struct ChunkRenewal: Sendable {
    /// How many rows of the target it stands for.
    public enum TargetRows: Sendable {
        /// So many.
        case are(Int64)
        /// So many more than before.
        case grew(by: Int64)
    }

    let chunk: DoneChunk
    let targetRows: TargetRows
    let additions: ChunkAdditions

    /// The chunk with the rows that it knows now and their sum; its counts follow from them.
    public init(
        _ chunk: DoneChunk, targetRows: TargetRows = .grew(by: 0), adding additions: ChunkAdditions = ChunkAdditions()
    ) {
        self.chunk = chunk
        self.targetRows = targetRows
        self.additions = additions
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
                rows: StoredRows.rows(in: row, from: 3), sum: row.text(1).flatMap { Int128($0) } ?? 0)
        }
    }

    /// So many rows are stored by one statement at most, if they are not those of one chunk.
    private static let most = 200_000

    /// Stores what chunks know now.
    public func renew(
        _ renewals: [ChunkRenewal], of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        var (part, rows): ([ChunkRenewal], Int) = ([], 0)
        for renewal in renewals {
            if !part.isEmpty, rows + renewal.chunk.rows.count > Self.most {
                try store(part, of: stage, transaction)
                (part, rows) = ([], 0)
            }
            part.append(renewal)
            rows += renewal.chunk.rows.count
        }
        if !part.isEmpty { try store(part, of: stage, transaction) }
    }

    private func store(
        _ renewals: [ChunkRenewal], of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        func ints(_ value: (ChunkRenewal) -> Int64) -> Parameter { .intArray(renewals.map(value)) }
        let stored = renewals.map { StoredRows($0.chunk.rows) }
        func count(_ fate: RowFate) -> Parameter {
            .intArray(stored.map { Int64($0.fates.count { $0 == fate.rawValue }) })
        }
        let targetRows = renewals.map { renewal -> (replaces: Int64, number: Int64) in
            switch renewal.targetRows {
            case .are(let number): (1, number)
            case .grew(let number): (0, number)
            }
        }
        let written = try transaction.run(
            """
            update chunks c
               set seen = r.seen, fates = r.fates, written = r.written, written_values = r.written_values,
                   seen_sum = r.seen_sum::numeric, gone = c.gone + r.gone,
                   read = r.migrated + r.empty + r.rejected + r.stale + r.wrong + c.gone + r.gone,
                   migrated = r.migrated, empty = r.empty, rejected = r.rejected, stale = r.stale, wrong = r.wrong,
                   adopted = least(c.adopted + r.adopted, r.migrated), kept = least(c.kept + r.kept, r.migrated),
                   target_rows = case r.replaces when 1 then 0 else c.target_rows end + r.target_rows,
                   extra = c.extra + r.extra, others = c.others + r.others
              from unnest(\(ints { $0.chunk.n }), \(.bytesArray(stored.map(\.seen))), \(.textArray(stored.map(\.fates))),
                          \(.bytesArray(stored.map(\.written))), \(.bytesArray(stored.map(\.values))),
                          \(.textArray(renewals.map { Array(String($0.chunk.sum).utf8) })), \(ints { $0.additions.gone }),
                          \(count(.migrated)), \(count(.empty)), \(count(.rejected)), \(count(.stale)), \(count(.wrong)),
                          \(ints { $0.additions.adopted }), \(ints { $0.additions.kept }),
                          \(.intArray(targetRows.map(\.replaces))), \(.intArray(targetRows.map(\.number))),
                          \(ints { $0.additions.extra }), \(ints { $0.additions.others }))
                   as r (place, seen, fates, written, written_values, seen_sum, gone, migrated, empty, rejected, stale, wrong,
                         adopted, kept, replaces, target_rows, extra, others)
             where \(stage.rows) and c.n = r.place
            """
        ).affectedRows
        guard written == renewals.count else {
            throw .unexpectedAnswer("\(written) chunks of \(stage.name) written where \(renewals.count) were meant")
        }
    }

    /// The sums of the marks of rows, which are the hashes of their keys and `xmin`: one for each group of them.
    public func sumsOfMarks(
        _ groups: [[(key: Key, xmin: UInt32)]], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Int128] {
        var sums = [Int128](repeating: 0, count: groups.count)
        let rows = groups.joined()
        guard let parts = rows.first?.key.parts.indices else { return sums }
        let columns = parts.map { part -> SQL in "\(.textArray(rows.map { $0.key.parts[part] }))" }
        let places = groups.indices.flatMap { place in groups[place].map { _ in Int64(place) } }
        let names = columns.indices.map { "k\($0)" }
        let printed = names.count == 1 ? names[0] : "array[\(names.joined(separator: ", "))]::text"
        let found = try transaction.run(
            """
            select place, sum(hashtextextended(\(unsafe: printed) collate "C", x))::text
              from unnest(\(SQL.joined(columns, separator: ", ")), \(.intArray(rows.map { Int64($0.xmin) })), \(.intArray(places)))
                   as r (\(unsafe: names.joined(separator: ", ")), x, place)
             group by place
            """)
        for row in found.rows {
            guard let place = row.int(0), let sum = row.text(1).flatMap({ Int128($0) }) else {
                throw .unexpectedAnswer("a sum that is no number")
            }
            sums[Int(place)] = sum
        }
        return sums
    }
}
