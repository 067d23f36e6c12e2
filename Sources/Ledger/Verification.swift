public import Postgres

/// What a chunk that is done saw, wrote and rejected, for whoever looks at its rows again.
public struct WorkedChunk: Sendable {
    /// Each row as it was seen, by the hash of its key.
    public let rows: [Int64: SeenRow]
    /// The keys that have an open or accepted reject.
    public let rejected: Set<Key>

    fileprivate init(rows: [Int64: SeenRow], rejected: Set<Key>) {
        self.rows = rows
        self.rejected = rejected
    }

    /// What several did, as if they were one.
    fileprivate init(_ chunks: [(n: Int64, chunk: WorkedChunk)]) {
        rows = chunks.reduce(into: [:]) { $0.merge($1.chunk.rows) { _, last in last } }
        rejected = chunks.reduce(into: []) { $0.formUnion($1.chunk.rejected) }
    }
}

extension Ledger {
    /// What a chunk saw, wrote and rejected.
    public func workedChunk(
        _ n: Int64, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> WorkedChunk {
        try worked(where: "n = \(.int(n))", of: stage, nil, transaction).first?.chunk ?? WorkedChunk([])
    }

    /// What the chunks that chunks of a verification were made of saw, wrote and rejected, in the order of these; of rows no more
    /// than is known of `hashes`, where such are given. Where a range is open above, those chunks count that were divided off
    /// since. `keyTypes` are the types of the table's key with their collations.
    public func workedChunks(
        _ verified: [(origin: Int64, range: KeyRange)], keyTypes: [String], of stage: ChunkedStage,
        knowing hashes: Set<Int64>? = nil, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [WorkedChunk] {
        let origins: SQL = "n = any (\(.intArray(Set(verified.map(\.origin)).sorted())))"
        let found = Dictionary(
            try worked(where: origins, of: stage, hashes, transaction).map { ($0.n, $0.chunk) }
        ) { first, _ in first }
        var chunks: [WorkedChunk] = []
        for (origin, range) in verified {
            if range.upper != nil || Mutant.is(.overlookDividedChunks) {
                chunks.append(found[origin] ?? WorkedChunk([]))
            } else {
                let divided = try worked(where: Self.overlap(range, keyTypes), of: stage, hashes, transaction)
                chunks.append(WorkedChunk(divided))
            }
        }
        return chunks
    }

    private func worked(
        where condition: SQL, of stage: ChunkedStage, _ hashes: Set<Int64>?, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(n: Int64, chunk: WorkedChunk)] {
        let found = try transaction.run(
            "select n, \(StoredRows.columns) from chunks c where \(stage.rows) and \(condition)")
        let parts = (0..<stage.keyColumns).map { stage.keyColumns == 1 ? "key #>> '{}'" : "key ->> \($0)" }
        let rejects = try transaction.run(
            """
            select chunk, \(unsafe: parts.joined(separator: ", ")) from rejects
             where run_id = \(.int(stage.run.value)) and stage = \(.text(stage.name))
               and chunk = any (\(.intArray(found.rows.compactMap { $0.int(0) }))) and state <> 'resolved'
            """)
        var rejected: [Int64: Set<Key>] = [:]
        for row in rejects.rows {
            rejected[row.int(0) ?? 0, default: []].insert(Key(row, from: 1, columns: stage.keyColumns))
        }
        return found.rows.map { row in
            let n = row.int(0) ?? 0
            let rows = StoredRows.rows(in: row, from: 1).filter { hashes?.contains($0.keyHash) ?? true }
            let byHash = Dictionary(rows.map { ($0.keyHash, $0) }) { _, last in last }
            return (n, WorkedChunk(rows: byHash, rejected: rejected[n] ?? []))
        }
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
