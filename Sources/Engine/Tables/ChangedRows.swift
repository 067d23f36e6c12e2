import Ledger
import Postgres

/// How the rows of a chunk's range differ from what the chunk saw of them. No document is read for it.
struct ChangedRows {
    /// What was looked at.
    enum Scope {
        /// Every row of the range, as it is now, in key order.
        case range([KeyedRow])
        /// Some keys; these are the ones that are not there any more.
        case keys(gone: [LateRow])
    }

    let scope: Scope
    /// Keys of rows that have to be looked at again though they are as they were.
    private(set) var overdue: Set<Key> = []
    /// Those that the chunk has not seen, in key order.
    private(set) var new: [KeyedRow] = []
    /// Those that were written to since, in key order.
    private(set) var rewritten: [KeyedRow] = []
    /// Those that are not there any more, by the hashes of their keys.
    private(set) var vanished: Set<Int64> = []

    /// The keys of those that are not there any more; nil where not even these are known.
    var vanishedKeys: [Key]? {
        guard case .keys(let gone) = scope else { return nil }
        return gone.filter { vanished.contains($0.hash) }.map(\.key)
    }

    /// How many they are.
    var counts: SourceChanges {
        SourceChanges(new: Int64(new.count), changed: Int64(rewritten.count), vanished: Int64(vanished.count))
    }

    /// Whether nothing differs.
    var isEmpty: Bool { counts.isEmpty }

    /// Nothing differs where the sum over the range is what the chunk says; otherwise it is looked at row by row. Rows that were
    /// found to be stale count as written to, and so do overdue ones.
    init(
        in chunk: DoneChunk, of source: KeyedTable, overdue: Set<Key>, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let range = ChunkQuery.condition(chunk.range, key: source.key, alias: "source")
        let isSettled = overdue.isEmpty && !chunk.rows.contains { $0.fate == .stale }
        if isSettled, try source.marks(where: range, transaction) == (Int64(chunk.rows.count), String(chunk.sum)) {
            self.init(scope: .range([]))
            return
        }
        try self.init(rowByRow: chunk, of: source, overdue: overdue, transaction)
    }

    /// Looks at every row of a chunk whose sums are known to differ.
    init(
        rowByRow chunk: DoneChunk, of source: KeyedTable, overdue: Set<Key> = [],
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let range = ChunkQuery.condition(chunk.range, key: source.key, alias: "source")
        let current = try KeyedRow.read(source, where: range, transaction)
        scope = .range(current)
        self.overdue = overdue
        classify(current, among: chunk.rows)
    }

    /// Nothing differs.
    private init(scope: Scope) { self.scope = scope }

    /// Looks at some keys of the chunk's range only; `current` has the rows of those that are there.
    init(_ late: [LateRow], _ current: [Key: KeyedRow], in chunk: DoneChunk) {
        scope = .keys(gone: late.filter { current[$0.key] == nil })
        let wanted = Set(late.map(\.hash))
        classify(late.compactMap { current[$0.key] }, among: chunk.rows.filter { wanted.contains($0.keyHash) })
    }

    /// Those of some keys, which the chunk knows, whose rows are not there any more.
    func gone(among keys: Set<Key>) -> Set<Key> {
        switch scope {
        case .range(let current): keys.subtracting(current.map(\.key))
        case .keys(let gone): keys.intersection(gone.map(\.key))
        }
    }

    /// Compares rows with those that were known; known ones that are not among them have vanished.
    private mutating func classify(_ rows: [KeyedRow], among seen: [SeenRow]) {
        var known = Dictionary(seen.map { ($0.keyHash, $0) }) { _, last in last }
        for row in rows {
            guard let seen = known.removeValue(forKey: row.hash) else {
                if !Mutant.is(.overlookNewRows) { new.append(row) }
                continue
            }
            if Mutant.is(.overlookRewrittenRows) { continue }
            let isOverdue = seen.fate != .rejected && overdue.contains(row.key)
            if seen.xmin != row.xmin || seen.fate == .stale || isOverdue { rewritten.append(row) }
        }
        vanished = Mutant.is(.overlookVanishedRows) ? [] : Set(known.keys)
    }
}

/// A chunk that is done, and how its rows differ from what it saw of them.
struct ChangedChunk {
    let chunk: DoneChunk
    let changes: ChangedRows

    /// The chunk, locked, with what changed in its range; nothing where it is not done or nothing changed. `overdue` tells which
    /// rows of a range have to be looked at again though they are as they were.
    static func find(
        _ n: Int64, of stage: ChunkedStage, _ source: KeyedTable, _ ledger: Ledger,
        overdue: (KeyRange) throws -> Set<Key> = { _ in [] }, _ transaction: borrowing Transaction
    ) throws -> [ChangedChunk] {
        guard let chunk = try ledger.lockDoneChunk(n, of: stage, transaction) else { return [] }
        let changes = try ChangedRows(in: chunk, of: source, overdue: overdue(chunk.range), transaction)
        return changes.isEmpty ? [] : [ChangedChunk(chunk: chunk, changes: changes)]
    }

    /// The chunks, locked, to which some keys belong, with what changed of these.
    static func find(
        _ late: ArraySlice<LateRow>, of stage: ChunkedStage, _ source: KeyedTable, _ ledger: Ledger,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [ChangedChunk] {
        let late = Array(late)
        let chunks = try ledger.lockDoneChunks(
            holding: late.map(\.key), keyTypes: source.key.map(\.ordering), of: stage, transaction)
        let condition = ChunkQuery.condition(late.map(\.key), key: source.key, alias: "source")
        let rows = try KeyedRow.read(source, where: condition, transaction)
        let current = Dictionary(rows.map { ($0.key, $0) }) { first, _ in first }
        return chunks.map { chunk, keys in
            ChangedChunk(chunk: chunk, changes: ChangedRows(keys.map { late[$0] }, current, in: chunk))
        }.filter { !$0.changes.isEmpty }
    }
}
