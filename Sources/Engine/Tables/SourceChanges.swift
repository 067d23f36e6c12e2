import Ledger
import Postgres

/// How the source differs from what a stage saw of it.
public struct SourceChanges: Sendable, Equatable, CustomStringConvertible {
    /// Rows that were not there.
    public var new: Int64 = 0
    /// Rows written to since.
    public var changed: Int64 = 0
    /// Rows that are not there any more, and not counted as gone.
    public var vanished: Int64 = 0

    /// How many rows that are.
    public var count: Int64 { new + changed + vanished }

    /// The counts for people, those that are not 0.
    public var description: String {
        let counts = [(new, "new"), (changed, "changed"), (vanished, "deleted")].filter { $0.0 > 0 }
        return counts.isEmpty ? "nothing" : counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    static func += (sum: inout SourceChanges, other: SourceChanges) {
        sum.new += other.new
        sum.changed += other.changed
        sum.vanished += other.vanished
    }

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
        try byChunk(of: stage, of: source, ledger: ledger, transaction) { changes += $1 }
        return changes
    }

    /// Compares chunk by chunk, and holds what the ledger knows of one chunk's rows at a time.
    static func byChunk(
        of stage: ChunkedStage, of source: KeyedTable, ledger: Ledger, _ transaction: borrowing Transaction,
        _ body: (_ n: Int64, SourceChanges) -> Void
    ) throws(PostgresError) {
        for known in try ledger.doneSums(of: stage, transaction) {
            let range = ChunkQuery.condition(known.range, key: source.key, alias: "source")
            if !known.isStale, try source.marks(where: range, transaction) == (known.rows, known.sum) { continue }
            guard let chunk = try ledger.doneChunk(known.n, of: stage, transaction) else { continue }
            let changes = try ChangedRows(rowByRow: chunk, of: source, transaction).counts
            if !changes.isEmpty { body(chunk.n, changes) }
        }
    }
}
