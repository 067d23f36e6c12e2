import Ledger
public import Pipelines
public import Postgres

/// What came of trying rejected rows again.
public struct RetryResult: Sendable {
    /// Rejects that are none any more.
    public let resolved: Int64
    /// Of those: rows that are not there any more.
    public let gone: Int64
    /// How the run stands, read from the ledger at the end.
    public let summary: RunSummary
}

/// Tries rejected rows again, after their data was mended: what is there already is replaced by difference.
public struct Retry {
    /// How many rejects are tried in one transaction. Each may be a document as large as the limit allows.
    private static let batch: Int64 = 50

    private let site: Site
    private let pipeline: Pipeline
    private let schema: Identifier
    private let limits: BatchLimits

    /// Prepares to try the open rejects of a pipeline.
    public init(site: Site, pipeline: Pipeline, schema: Identifier, limits: BatchLimits) {
        self.site = site
        self.pipeline = pipeline
        self.schema = schema
        self.limits = limits
    }

    /// Tries every open reject once; throws `Failure` when it could not.
    public func perform() throws -> RetryResult {
        let session = Session(site: site, name: "etl")
        try session.open()
        let view = LedgerView(site: site, session: session)
        let run = try view.existingRun(of: pipeline.name, on: schema)
        let leader = Introduction(site: site, run: run, number: 0)
        let working = Session(site: site, name: "etl:\(run.value):0") { try leader.introduce($0, after: $1) }
        try working.perform("beginning to retry") { connection in
            try connection.transaction(site.moving) { transaction in
                let record = try site.ledger.lockRun(of: pipeline.name, on: schema, transaction)
                try RunBinding.check(record, site.ledger, transaction)
                try ActiveRun.refuse(record, except: try leader.current(), site.ledger, transaction)
                try site.ledger.audit(.retry, run: run, pipeline: pipeline.name, by: site.actor, transaction)
            }
        }
        defer { leave(working, leader) }
        var resolved: Int64 = 0
        var gone: Int64 = 0
        for stage in pipeline.stages {
            guard case .stream(let stream) = stage.work else { continue }
            let counts = try retry(stage, stream, of: run, on: working)
            resolved += counts.resolved
            gone += counts.gone
        }
        return RetryResult(resolved: resolved, gone: gone, summary: try view.summary(of: pipeline.name, on: schema))
    }

    private func leave(_ session: Session, _ leader: Introduction) {
        session.attempt { connection in
            try connection.transaction(site.moving) { try site.ledger.endWorker(try leader.current(), $0) }
        }
        session.close()
    }

    private func retry(
        _ stage: Stage, _ stream: Pipelines.Stream, of run: RunID, on session: Session
    ) throws -> (resolved: Int64, gone: Int64) {
        var last: Int64 = 0
        var resolved: Int64 = 0
        var gone: Int64 = 0
        while true {
            try site.throwIfStopping()
            let part = try trying(stage, on: session) { transaction, carefully in
                let tables = try StreamTables(stream, schema: schema, transaction)
                var unlimited = limits
                unlimited.bytes = .max
                let chunked = ChunkedStage(run: run, name: stage.name, keyColumns: tables.key.count)
                var batch = RejectBatch(
                    ledger: site.ledger, stage: chunked, stream: stream, tables: tables, limits: unlimited)
                return try batch.perform(after: last, limit: Self.batch, carefully: carefully, transaction)
            }
            guard let part else { return (resolved, gone) }
            last = part.last
            resolved += part.resolved
            gone += part.gone
        }
    }

    /// Does work that writes rows; when the server refuses one of them, does it again in halves.
    private func trying<R>(
        _ stage: Stage, on session: Session, _ work: (borrowing Transaction, _ carefully: Bool) throws -> R
    ) throws -> R {
        func perform(carefully: Bool) throws -> R {
            try session.perform("retrying rejects of stage \(stage.name)") { connection in
                try connection.transaction(site.moving) { try work($0, carefully) }
            }
        }
        do {
            return try perform(carefully: false)
        } catch let error as PostgresError where error.errorClass == .row {
            return try perform(carefully: true)
        }
    }
}
