public import Postgres

/// What a chunk that is done saw, wrote and rejected, for whoever looks at its rows again.
public struct WorkedChunk: Sendable {
    /// Each row as it was seen, by the hash of its key.
    public let rows: [Int64: SeenRow]
    /// The keys that have an open or accepted reject.
    public let rejected: Set<Key>
}

extension Ledger {
    /// What a chunk saw, wrote and rejected.
    public func workedChunk(
        _ n: Int64, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> WorkedChunk {
        try worked(where: "n = \(.int(n))", of: stage, transaction)
    }

    /// What the chunk that a chunk of a verification was made of saw, wrote and rejected. Where the range is open above, those count
    /// that were divided off since. `keyTypes` are the types of the table's key with their collations.
    public func workedChunk(
        _ n: Int64, verifiedIn range: KeyRange, keyTypes: [String], of stage: ChunkedStage,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) -> WorkedChunk {
        if range.upper != nil || Mutant.is(.overlookDividedChunks) { return try workedChunk(n, of: stage, transaction) }
        return try worked(where: Self.overlap(range, keyTypes), of: stage, transaction)
    }

    private func worked(
        where condition: SQL, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> WorkedChunk {
        let found = try transaction.run(
            "select n, \(StoredRows.columns) from chunks c where \(stage.rows) and \(condition)")
        let rows = found.rows.flatMap { StoredRows.rows(in: $0, from: 1) }
        let parts = (0..<stage.keyColumns).map { stage.keyColumns == 1 ? "key #>> '{}'" : "key ->> \($0)" }
        let rejected = try transaction.run(
            """
            select \(unsafe: parts.joined(separator: ", ")) from rejects
             where run_id = \(.int(stage.run.value)) and stage = \(.text(stage.name))
               and chunk = any (\(.intArray(found.rows.compactMap { $0.int(0) }))) and state <> 'resolved'
            """)
        return WorkedChunk(
            rows: Dictionary(rows.map { ($0.keyHash, $0) }) { _, last in last },
            rejected: Set(rejected.rows.map { row in Key(row, columns: stage.keyColumns) }))
    }
}

extension Ledger {
    /// Notes how many rows a stage is about to look at.
    public func noteTotal(
        _ total: Int64, of stage: String, in run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set total = \(.int(total)) where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// The ranges of the chunks of a stage that are done.
    public func doneRanges(
        of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(n: Int64, range: KeyRange)] {
        try transaction.run(
            "select n, \(stage.bounds) from chunks where \(stage.rows) and state = 'done' order by n"
        ).rows.map { row in (row.int(0) ?? 0, stage.range(in: row, from: 1)) }
    }
}
