import Ledger
import Postgres

/// How the source differs from what a stage saw of it.
public struct SourceChanges: Sendable, Equatable {
    /// Rows that were not there.
    public var new: Int64 = 0
    /// Rows written to since.
    public var changed: Int64 = 0
    /// Rows that are not there any more, and not counted as gone.
    public var vanished: Int64 = 0

    /// Whether nothing differs.
    public var isEmpty: Bool { self == SourceChanges() }

    /// Compares the source with what the chunks saw: first one sum over the whole table; where that differs, sums for
    /// each chunk; where those differ, row by row. It reads no document.
    static func find(
        in stage: ChunkedStage, of source: KeyedTable, ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> SourceChanges {
        var changes = SourceChanges()
        let seen = try ledger.seen(by: stage, transaction)
        if try source.marks(transaction) == seen { return changes }
        for chunk in try ledger.doneChunks(of: stage, transaction) {
            let rows = try transaction.run(
                """
                select \(source.keyHash(of: "s")), s.xmin::text from \(source.name) s
                 where \(ChunkQuery.condition(chunk.range, key: source.key, alias: "s"))
                """
            ).rows
            var known = Dictionary(chunk.seen.map { ($0.hash, $0.xmin) }) { _, last in last }
            for row in rows {
                guard let hash = row.int(0), let xmin = row.int(1) else { continue }
                switch known.removeValue(forKey: hash) {
                case nil: changes.new += 1
                case xmin: break
                default: changes.changed += 1
                }
            }
            // Those counted as gone have had their outcome.
            changes.vanished += max(0, Int64(known.count) - chunk.gone)
        }
        return changes
    }
}
