import Ledger
import Postgres

/// How the rows of a chunk's range differ from what the chunk saw of them. No document is read for it.
struct ChangedRows {
    /// Every row of the range as it is now, in key order.
    private(set) var current: [KeyedRow] = []
    /// Those that the chunk has not seen, in key order.
    private(set) var new: [KeyedRow] = []
    /// Those that were written to since, in key order.
    private(set) var rewritten: [KeyedRow] = []
    /// Those that are not there any more, by the hashes of their keys.
    private(set) var vanished: Set<Int64> = []

    /// How many they are.
    var counts: SourceChanges {
        SourceChanges(new: Int64(new.count), changed: Int64(rewritten.count), vanished: Int64(vanished.count))
    }

    /// Whether nothing differs.
    var isEmpty: Bool { counts.isEmpty }

    /// Nothing differs where the sum over the range is what the chunk says; otherwise it is looked at row by row. Rows that were
    /// found to be stale count as written to.
    init(
        in chunk: DoneChunk, of source: KeyedTable, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let range = ChunkQuery.condition(chunk.range, key: source.key, alias: "source")
        let isStale = chunk.rows.contains { $0.fate == .stale }
        if !isStale, try source.marks(where: range, transaction) == (Int64(chunk.rows.count), chunk.sum) { return }
        current = try KeyedRow.read(source, where: range, transaction)
        var known = Dictionary(chunk.rows.map { ($0.keyHash, $0) }) { _, last in last }
        for row in current {
            guard let seen = known.removeValue(forKey: row.hash) else {
                if !Mutant.is(.overlookNewRows) { new.append(row) }
                continue
            }
            if Mutant.is(.overlookRewrittenRows) { continue }
            if seen.xmin != row.xmin || seen.fate == .stale { rewritten.append(row) }
        }
        vanished = Mutant.is(.overlookVanishedRows) ? [] : Set(known.keys)
    }
}
