public import Postgres

/// What a stage has done so far: sums over its chunks, read anew each time.
public struct Totals: Sendable, Equatable {
    /// Source rows read.
    public var read: Int64 = 0
    /// Source rows whose rows are in the target.
    public var migrated: Int64 = 0
    /// Source rows that give no row.
    public var empty: Int64 = 0
    /// Source rows with an open or accepted reject.
    public var rejected: Int64 = 0
    /// Source rows that vanished after they were read.
    public var gone: Int64 = 0
    /// Of the migrated: those whose equal rows were there already.
    public var adopted: Int64 = 0
    /// Of the migrated: those whose rows were there already, differ, and were kept.
    public var kept: Int64 = 0
    /// When verifying: source rows that differ and changed since they were read.
    public var stale: Int64 = 0
    /// When verifying: source rows that differ and are as they were read.
    public var wrong: Int64 = 0
    /// When verifying: rows of the target that no source row gives.
    public var extra: Int64 = 0
    /// When verifying: values in the source that others have set.
    public var others: Int64 = 0
    /// Rows of the target that they gave.
    public var targetRows: Int64 = 0
    /// Bytes of documents read.
    public var bytes: Int64 = 0
    /// Chunks that are done.
    public var chunksDone: Int64 = 0
    /// Chunks in all.
    public var chunks: Int64 = 0
}

extension Ledger {
    /// The totals of a stage.
    public func totals(
        of stage: String, in run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Totals {
        let row = try transaction.row(
            """
            select sum(read), sum(migrated), sum(empty), sum(rejected), sum(gone), sum(adopted), sum(target_rows),
                   sum(bytes), count(*) filter (where state = 'done'), count(*), sum(kept),
                   sum(stale), sum(wrong), sum(extra), sum(others)
              from chunks where run_id = \(.int(run.value)) and stage = \(.text(stage))
            """)
        func sum(_ column: Int) -> Int64 { row.int(column) ?? 0 }
        return Totals(
            read: sum(0), migrated: sum(1), empty: sum(2), rejected: sum(3), gone: sum(4), adopted: sum(5),
            kept: sum(10), stale: sum(11), wrong: sum(12), extra: sum(13), others: sum(14), targetRows: sum(6),
            bytes: sum(7), chunksDone: sum(8), chunks: sum(9))
    }

    /// The unmapped keys of a run by name, the most frequent first, and whether an operator accepts to lose them.
    public func unmapped(
        of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(name: String, count: Int64, isAccepted: Bool)] {
        try transaction.run(
            """
            select name, sum(count),
                   exists (select from accepted_keys a where a.run_id = \(.int(run.value)) and a.name = u.name)
              from unmapped u where run_id = \(.int(run.value))
             group by name order by sum(count) desc, name
            """
        ).rows.map { ($0.text(0) ?? "", $0.int(1) ?? 0, $0.bool(2)) }
    }
}

extension Ledger {
    /// How many rows a stage saw and the sum of their marks, as text, for it may exceed 64 bits.
    public func seen(
        by stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (rows: Int64, sum: String) {
        let row = try transaction.row(
            """
            select coalesce(sum(length(seen) / \(SeenRows.entrySize)), 0), coalesce(sum(seen_sum), 0)::text
              from chunks where \(stage.rows)
            """)
        return (row.int(0) ?? 0, row.text(1) ?? "0")
    }
}
