import Ledger
import Pipelines
import Postgres

/// Takes back what a batch wrote to rows of a table that stays, by the batch's own statement for that: chunk by chunk, in the
/// transaction that says that the chunk is to be done again, and only for the rows that the batch wrote to.
struct BatchRemoval {
    let context: UndoContext
    let stage: String
    let batch: SQLBatch
    let statement: RangedStatement

    private var site: Site { context.site }

    /// Takes it all back; says how many rows were written to.
    func perform() throws -> Int64 {
        let table = QualifiedName(schema: context.schema, name: batch.table)
        let chunked = ChunkedStage(run: context.run, name: stage, keyColumns: batch.key.count)
        return try context.takeBackChunks(
            of: chunked, locking: [table], preparing: { try KeyedTable(table, key: batch.key, $0) }
        ) { source, n, range, transaction in
            let worked = try site.ledger.workedChunk(n, of: chunked, transaction)
            return try takeBack(worked, range, source, transaction)
        }.reduce(0, +)
    }

    private func takeBack(
        _ worked: WorkedChunk, _ range: KeyRange, _ source: KeyedTable, _ transaction: borrowing Transaction
    ) throws -> Int64 {
        let written = Set(worked.rows.values.filter { $0.written != nil }.map(\.keyHash))
        if written.isEmpty { return 0 }
        let all = ChunkQuery.condition(range, key: source.key, alias: "source")
        let keys = try KeyedRow.read(source, where: all, transaction).filter { written.contains($0.hash) }
        if keys.isEmpty { return 0 }
        let own = ChunkQuery.condition(keys.map(\.key), key: source.key, alias: "source")
        return try transaction.working(in: [source.name.schema], lock: UndoContext.rowLock) {
            do throws(PostgresError) {
                return Int64(try transaction.run(statement.sql(where: own)).affectedRows)
            } catch {
                if error.errorClass == .retry || error.endsSession { throw error }
                throw Failure(error, while: "\(statement.name):\(statement.line)")
            }
        }
    }
}
