import Ledger
import Pipelines
import Postgres

/// A stage that streams a table through a transform: plans the chunks, lets workers do them, and says when all are done.
struct StreamStage {
    let context: StageContext
    let stream: Pipelines.Stream

    private var site: Site { context.site }
    private var request: RunRequest { context.request }

    /// What the stage turned out to be.
    private enum Beginning {
        case job(ChunkJob)
        case nothingToDo(String)
    }

    /// Does the stage; says how many source rows this process moved.
    func perform() throws -> StageWork.Outcome {
        // Counting and cutting a large table takes as long as it takes.
        let begun = try context.turn.take(site.defining) { transaction, record -> Beginning in
            if record.state == .running, record.sourceOID != nil {
                return .job(try job(record, transaction))
            }
            if let reason = try StreamTables.missing(stream, schema: request.schema, transaction) {
                try site.ledger.beginStage(
                    context.stage.name, of: context.run, fingerprint: context.fingerprint, transaction)
                try site.ledger.skipStage(context.stage.name, of: context.run, because: reason, transaction)
                return .nothingToDo(reason)
            }
            return .job(try begin(transaction))
        }
        switch begun {
        case nil: return .done(rows: 0)
        case .nothingToDo(let reason): return .skipped(reason: reason)
        case .job(let job):
            if case .stream(let work) = job.work, work.mode != .direct { try buildKeysFirst() }
            let moved = try context.work(job)
            try context.finish(job.stage)
            return .done(rows: moved)
        }
    }

    private func job(_ record: StageRecord, _ transaction: borrowing Transaction) throws -> ChunkJob {
        let tables = try StreamTables(stream, schema: request.schema, transaction)
        try context.checkFingerprint(record)
        try TableBinding.check(record, of: context.run, tables, site.ledger, transaction)
        return job(tables, isDirect: record.targetWasEmpty)
    }

    private func job(_ tables: StreamTables, isDirect: Bool) -> ChunkJob {
        ChunkJob(
            stage: chunked(tables), source: tables.source,
            work: .stream(
                StreamJob(
                    stream: stream, tables: tables, limits: request.limits,
                    mode: isDirect || Mutant.is(.neverCompareWithOldRows) ? .direct : .merge(request.existing))))
    }

    private func chunked(_ tables: StreamTables) -> ChunkedStage {
        ChunkedStage(run: context.run, name: context.stage.name, keyColumns: tables.source.key.count)
    }

    /// Plans the chunks and binds the stage to its tables, in one transaction.
    private func begin(_ transaction: borrowing Transaction) throws -> ChunkJob {
        let tables = try StreamTables(stream, schema: request.schema, transaction)
        let name = context.stage.name
        let total = try transaction.row("select count(*) from \(tables.source.name)").int(0) ?? 0
        let isEmpty = try tables.takeRowsAsTheyCome(transaction)
        try site.ledger.beginStage(name, of: context.run, fingerprint: context.fingerprint, transaction)
        try site.ledger.bindStage(
            name, of: context.run, source: tables.source.oid, targets: tables.targets.map(\.oid),
            targetWasEmpty: isEmpty, total: total, transaction)
        let rows = try ChunkSize.rows(
            request.limits, of: tables.source.name, documents: stream.source.columns, total: total, transaction)
        try site.ledger.planChunks(
            of: chunked(tables), over: tables.source.name, key: tables.source.columns, rows: rows, total: total,
            transaction)
        return job(tables, isDirect: isEmpty)
    }

    /// A target with rows in it gets its keys before more rows come: they are what rows are compared by.
    private func buildKeysFirst() throws {
        for later in request.pipeline.stages {
            guard case .constraints(let constraints) = later.work else { continue }
            let keys = constraints.filter { key in key.isKey && stream.targets.contains { $0.table == key.table } }
            try ConstraintsStage(
                site: site, run: context.run, schema: request.schema, stage: later.name, session: context.session,
                chunked: []
            ).build(keys)
        }
    }
}

extension Constraint {
    /// Whether rows are told apart by it.
    var isKey: Bool {
        switch definition {
        case .primaryKey, .unique: true
        case .index(_, let isUnique, _): isUnique
        case .foreignKey: false
        }
    }
}
