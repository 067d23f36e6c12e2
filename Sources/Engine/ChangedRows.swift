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

    /// Whether nothing differs.
    var isEmpty: Bool { new.isEmpty && rewritten.isEmpty && vanished.isEmpty }

    /// Nothing differs where the sum over the range is what the chunk says; otherwise it is looked at row by row.
    init(
        in chunk: DoneChunk, of source: KeyedTable, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let range = ChunkQuery.condition(chunk.range, key: source.key, alias: "source")
        let marks = try transaction.row(
            "select count(*), coalesce(sum(\(source.mark(of: "source"))), 0)::text from \(source.name) source where \(range)"
        )
        if marks.int(0) == Int64(chunk.rows.count), marks.text(1) == chunk.sum { return }
        current = try KeyedRow.read(source, where: range, transaction)
        var known = Dictionary(chunk.rows.map { ($0.keyHash, $0.xmin) }) { _, last in last }
        for row in current {
            switch known.removeValue(forKey: row.hash) {
            case nil: new.append(row)
            case row.xmin: break
            default: rewritten.append(row)
            }
        }
        vanished = Set(known.keys)
    }
}
