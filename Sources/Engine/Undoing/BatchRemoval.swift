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
        var rows: Int64 = 0
        var last: (n: Int64, rows: Int64)?
        var isLeft = true
        while isLeft {
            isLeft = try context.perform(stage, locking: [table], waits: true) { transaction in
                let source = try KeyedTable(table, key: batch.key, transaction)
                let chunked = ChunkedStage(run: context.run, name: stage, keyColumns: batch.key.count)
                let chunk = try site.ledger.lockNextChunk(isDone: true, of: chunked, transaction)
                // What was taken back counts once its chunk is the next no more, be the commit heard or not.
                if let done = last, done.n != chunk?.n {
                    rows += done.rows
                    last = nil
                }
                guard let chunk else { return false }
                let worked = try site.ledger.workedChunk(chunk.n, of: chunked, transaction)
                last = (chunk.n, try takeBack(worked, chunk.range, source, transaction))
                try site.ledger.reopenStage(stage, of: context.run, transaction)
                try context.begin(transaction)
                try site.ledger.reopenChunk(chunk.n, of: chunked, transaction)
                return true
            }
        }
        return rows
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
