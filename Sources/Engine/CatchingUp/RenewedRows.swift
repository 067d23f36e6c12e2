import Ledger
import Postgres

/// What a chunk knows of its rows once some that changed were moved again: those keep what they are now, those that were not
/// come back with the next look, and those that vanished are known no more.
struct RenewedRows {
    private let chunk: DoneChunk
    private let changes: ChangedRows
    private var moved: [Int64: (row: SeenRow, mark: Int64)] = [:]

    init(_ part: ChangedChunk) {
        chunk = part.chunk
        changes = part.changes
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
        var renewed = chunk
        let sum: SQL
        switch changes.scope {
        case .range(let current): (renewed.rows, sum) = try all(of: current, ledger, transaction)
        case .keys(let gone): (renewed.rows, sum) = (rowsWithChanges(), try change(of: gone, ledger, transaction))
        }
        try ledger.renew(renewed, of: stage, sum: sum, targetRows: targetRows, adding: more, transaction)
    }

    /// The rows of the range as they are known now, and the sum of their marks.
    private func all(
        of current: [KeyedRow], _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> ([SeenRow], SQL) {
        let old = Dictionary(chunk.rows.map { ($0.keyHash, $0) }) { _, last in last }
        var rows: [SeenRow] = []
        var sum: Int128 = 0
        var waiting: [(key: Key, xmin: UInt32)] = []
        for row in current {
            if let moved = moved[row.hash] {
                rows.append(moved.row)
                sum += Int128(moved.mark)
            } else if let known = old[row.hash] {
                rows.append(known)
                if known.xmin == row.xmin { sum += Int128(row.mark) } else { waiting.append((row.key, known.xmin)) }
            }
        }
        sum += try ledger.sumOfMarks(waiting, transaction)
        return (rows, "\(.text(String(sum)))::numeric")
    }

    /// The rows that the chunk knew, with what changed; those that are new come last.
    private func rowsWithChanges() -> [SeenRow] {
        let known = chunk.rows.filter { !changes.vanished.contains($0.keyHash) }
        return known.map { moved[$0.keyHash]?.row ?? $0 } + changes.new.compactMap { moved[$0.hash]?.row }
    }

    /// The sum of the chunk's marks with those that changed.
    private func change(
        of gone: [LateRow], _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> SQL {
        let known = Dictionary(chunk.rows.map { ($0.keyHash, $0.xmin) }) { _, last in last }
        let over =
            gone.map { ($0.key, $0.hash) }
            + changes.rewritten.filter { moved[$0.hash] != nil }.map { ($0.key, $0.hash) }
        let old = over.compactMap { key, hash in known[hash].map { (key: key, xmin: $0) } }
        let new = moved.values.reduce(Int128(0)) { $0 + Int128($1.mark) }
        let difference = try new - ledger.sumOfMarks(old, transaction)
        return "seen_sum + \(.text(String(difference)))::numeric"
    }
}

/// What came of moving the changed rows of a chunk again.
struct RenewalOutcome {
    var changes = SourceChanges()
    /// Whether some are left, for another transaction.
    var hasMore = false

    static func += (sum: inout RenewalOutcome, other: RenewalOutcome) {
        sum.changes += other.changes
        sum.hasMore = sum.hasMore || other.hasMore
    }
}
