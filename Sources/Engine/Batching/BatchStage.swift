import Ledger
import Pipelines
import Postgres

/// A stage that runs one statement for each range of a table's keys: in the same ledger, chunks and workers as a stream.
struct BatchStage {
    let context: StageContext
    let batch: SQLBatch

    private var site: Site { context.site }

    /// Does the stage; says how many rows this process worked through.
    func perform() throws -> StageWork.Outcome {
        let begun = try context.turn.take(site.defining) { transaction, record in
            let source = try KeyedTable(context.table(batch.table), key: batch.key, transaction)
            if record.state == .running, record.sourceOID != nil {
                try context.checkFingerprint(record)
                try TableBinding.check(record, of: context.run, source, site.ledger, transaction)
            } else {
                try begin(source, transaction)
            }
            return try job(source, transaction)
        }
        guard let job = begun else { return .done(rows: 0) }
        let moved = try context.work(job)
        try context.finish(job.stage)
        return .done(rows: moved)
    }

    private func job(_ source: KeyedTable, _ transaction: borrowing Transaction) throws(PostgresError) -> ChunkJob {
        let signature = try TableFacts.signature(of: [source.name], writing: [source.name], transaction)
        return ChunkJob(
            stage: chunked(source), source: source, work: .batch(BatchJob(batch: batch, signature: signature)))
    }

    private func chunked(_ source: KeyedTable) -> ChunkedStage {
        ChunkedStage(run: context.run, name: context.stage.name, keyColumns: source.key.count)
    }

    private func begin(_ source: KeyedTable, _ transaction: borrowing Transaction) throws(PostgresError) {
        let name = context.stage.name
        let total = try transaction.row("select count(*) from \(source.name)").int(0) ?? 0
        try site.ledger.beginStage(name, of: context.run, fingerprint: context.fingerprint, transaction)
        try site.ledger.bindStage(
            name, of: context.run, source: source.oid, targets: [], targetWasEmpty: nil, total: total, transaction)
        let rows = try ChunkSize.rows(
            context.request.limits, of: source.name, documents: [], total: total, transaction)
        try site.ledger.planChunks(
            of: chunked(source), over: source.name, key: source.columns, rows: rows, total: total, transaction)
    }
}
