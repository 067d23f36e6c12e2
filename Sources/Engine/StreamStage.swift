import Ledger
import Pipelines
import Postgres

/// What the workers of a stream stage need to know; the same for all of them.
struct StreamJob: Sendable {
    let stage: ChunkedStage
    let stream: Pipelines.Stream
    let tables: StreamTables
    let limits: BatchLimits
    let mode: ChunkWriter.Mode
}

/// A stage that streams a table through a transform: plans the chunks, lets workers do them, and says when all are done.
struct StreamStage {
    let site: Site
    let run: RunID
    let request: RunRequest
    let stage: Stage
    let stream: Pipelines.Stream
    let fingerprint: String
    let session: Session

    /// Does the stage; returns how many source rows this process moved.
    func perform() throws -> Int64 {
        // Counting and cutting a large table takes as long as it takes.
        let turn = StageTurn(site: site, run: run, stage: stage.name, session: session)
        let begun = try turn.take(site.defining) { transaction, record in
            if record.state == .running, record.sourceOID != nil {
                return try job(record, transaction)
            }
            return try begin(transaction)
        }
        guard let job = begun else { return 0 }
        if job.mode != .direct { try buildKeysFirst() }
        let moved = try work(job)
        try finish(job)
        return moved
    }

    private func job(
        _ record: StageRecord, _ transaction: borrowing Transaction
    ) throws -> StreamJob {
        let tables = try StreamTables(stream, schema: request.schema, transaction)
        guard record.fingerprint == fingerprint else {
            throw Failure(.refused, "stage \(stage.name) was begun by a process with another definition of it")
        }
        try TableBinding.check(record, tables, transaction)
        return StreamJob(
            stage: chunked(tables), stream: stream, tables: tables, limits: request.limits,
            mode: record.targetWasEmpty ? .direct : .merge(request.existing))
    }

    private func chunked(_ tables: StreamTables) -> ChunkedStage {
        ChunkedStage(run: run, name: stage.name, keyColumns: tables.key.count)
    }

    /// Plans the chunks and binds the stage to its tables, in one transaction.
    private func begin(_ transaction: borrowing Transaction) throws -> StreamJob {
        let tables = try StreamTables(stream, schema: request.schema, transaction)
        let total = try transaction.row("select count(*) from \(tables.source)").int(0) ?? 0
        let isEmpty = try transaction.row("select not exists (select from \(tables.target))").bool(0)
        try site.ledger.beginStage(stage.name, of: run, fingerprint: fingerprint, transaction)
        try site.ledger.bindStage(
            stage.name, of: run, source: tables.sourceOID, target: tables.targetOID, targetWasEmpty: isEmpty,
            total: total, transaction)
        try site.ledger.planChunks(
            of: chunked(tables), over: tables.source, key: tables.key.map(\.name), rows: request.limits.rows,
            total: total, transaction)
        return StreamJob(
            stage: chunked(tables), stream: stream, tables: tables, limits: request.limits,
            mode: isEmpty ? .direct : .merge(request.existing))
    }

    /// A target with rows in it gets its keys before more rows come: they are what rows are compared by.
    private func buildKeysFirst() throws {
        for later in request.pipeline.stages {
            guard case .constraints(let constraints) = later.work else { continue }
            let keys = constraints.filter { $0.table == stream.target.table && $0.isKey }
            try ConstraintsStage(
                site: site, run: run, schema: request.schema, stage: later.name, session: session,
                chunked: nil
            ).build(keys)
        }
    }

    private func work(_ job: StreamJob) throws -> Int64 {
        let meter = try makeMeter()
        let site = site
        WorkerThreads.run(request.limits.workers) { number in
            if let failure = StreamWorker.failure(number: number, site: site, job: job, meter: meter) {
                meter.halt(failure)
            }
        }
        if let failure = meter.failure ?? meter.nobodyCame { throw failure }
        try site.throwIfStopping()
        return meter.rowsHere
    }

    private func makeMeter() throws -> StreamMeter {
        try session.perform("reading the progress of \(stage.name)") { connection in
            try connection.transaction(site.looking) { try makeMeter($0) }
        }
    }

    private func makeMeter(_ transaction: borrowing Transaction) throws -> StreamMeter {
        let records = try site.ledger.stages(of: run, transaction)
        return StreamMeter(
            stage: stage.name, done: try site.ledger.totals(of: stage.name, in: run, transaction),
            total: records.first { $0.name == stage.name }?.total, workers: request.limits.workers,
            reporter: site.reporter)
    }

    private func finish(_ job: StreamJob) throws {
        _ = try StageTurn(site: site, run: run, stage: stage.name, session: session).take { transaction, _ in
            guard try site.ledger.chunksLeft(of: job.stage, transaction) == 0 else {
                throw Failure(.failed, "stage \(stage.name) has chunks that are not done")
            }
            try site.ledger.finishStage(stage.name, of: run, transaction)
        }
    }
}

extension Constraint {
    /// Whether rows are told apart by it.
    var isKey: Bool {
        switch definition {
        case .primaryKey, .unique: true
        case .index(_, let isUnique, let predicate): isUnique && predicate == nil
        case .foreignKey: false
        }
    }
}
