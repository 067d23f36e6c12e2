import Ledger
import Postgres

/// What a chunk knows of its rows once some that changed were moved again: those keep what they are now, those that were not
/// come back with the next look, and those that vanished are known no more.
struct RenewedRows {
    private let chunk: DoneChunk
    private let changes: ChangedRows
    private var moved: [Int64: (row: SeenRow, mark: Int64)] = [:]

    init(_ chunk: DoneChunk, _ changes: ChangedRows) {
        self.chunk = chunk
        self.changes = changes
    }

    /// Takes what became of a row that was moved again.
    mutating func add(_ row: SeenRow, mark: Int64) { moved[row.keyHash] = (row, mark) }

    /// What was done, and whether rows are left that were not moved.
    var outcome: RenewalOutcome {
        let new = changes.new.count { moved[$0.hash] != nil }
        let rewritten = changes.rewritten.count { moved[$0.hash] != nil }
        return RenewalOutcome(
            changes: SourceChanges(
                new: Int64(new), changed: Int64(rewritten), vanished: Int64(changes.vanished.count)),
            hasMore: new + rewritten < changes.new.count + changes.rewritten.count)
    }

    /// Stores it.
    func store(
        of stage: ChunkedStage, targetRows: SQL, adding more: ChunkAdditions, _ ledger: Ledger,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let old = Dictionary(chunk.rows.map { ($0.keyHash, $0) }) { _, last in last }
        var renewed = chunk
        renewed.rows = []
        var sum: Int128 = 0
        var waiting: [(key: Key, xmin: UInt32)] = []
        for row in changes.current {
            if let moved = moved[row.hash] {
                renewed.rows.append(moved.row)
                sum += Int128(moved.mark)
            } else if let known = old[row.hash] {
                renewed.rows.append(known)
                if known.xmin == row.xmin { sum += Int128(row.mark) } else { waiting.append((row.key, known.xmin)) }
            }
        }
        sum += try ledger.sumOfMarks(waiting, transaction)
        try ledger.renew(
            renewed, of: stage, sum: "\(.text(String(sum)))::numeric", targetRows: targetRows,
            adding: more, transaction)
    }
}

/// What came of moving the changed rows of a chunk again.
struct RenewalOutcome {
    var changes = SourceChanges()
    /// Whether some are left, for another transaction.
    var hasMore = false
}
