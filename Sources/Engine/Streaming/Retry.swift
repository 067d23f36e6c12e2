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
    /// How many rejects are tried in one transaction at most; fewer where their documents are large.
    private static let batch: Int64 = 100
    private let site: Site
    private let pipeline: Pipeline
    private let schema: Identifier
    private let limits: BatchLimits

    /// Prepares to try the open rejects of a pipeline.
    public init(site: Site, pipeline: Pipeline, schema: Identifier, limits: BatchLimits) {
        self.site = site.trustingOwners(of: pipeline, on: schema)
        self.pipeline = pipeline
        self.schema = schema
        self.limits = limits
    }

    /// Tries every open reject once; throws `Failure` when it could not.
    public func perform() throws -> RetryResult {
        let session = Session(site: site, name: "etl")
        try session.open(waits: true)
        let view = LedgerView(site: site, session: session)
        let run = try view.existingRun(of: pipeline.name, on: schema)
        let entry = RunEntry(site: site, pipeline: pipeline, schema: schema)
        return try entry.work(.retry, on: run, session) { working in
            var resolved: Int64 = 0
            var gone: Int64 = 0
            for stage in pipeline.stages {
                guard case .stream(let stream) = stage.work else { continue }
                let counts = try retry(stage, stream, of: run, on: working)
                resolved += counts.resolved
                gone += counts.gone
            }
            return RetryResult(
                resolved: resolved, gone: gone, summary: try view.summary(of: pipeline.name, on: schema))
        }
    }

    private func retry(
        _ stage: Stage, _ stream: Pipelines.Stream, of run: RunID, on session: Session
    ) throws -> (resolved: Int64, gone: Int64) {
        var last: Int64 = 0
        var limit = Self.batch
        var resolved: Int64 = 0
        var gone: Int64 = 0
        while true {
            try site.throwIfStopping()
            let source = QualifiedName(schema: schema, name: stream.source.table)
            let part = try trying(stage, waitingFor: source, on: session) { transaction, carefully in
                try site.noteStopRequest(of: run, transaction)
                let record = try site.ledger.stages(of: run, transaction).first { $0.name == stage.name }
                guard let record, record.state != .pending else { return RejectBatch.Result.none }
                let tables = try StreamTables(stream, schema: schema, transaction)
                try TableBinding.check(record, of: run, tables, site.ledger, transaction)
                try tables.lockAgainstChange(transaction)
                let chunked = ChunkedStage(run: run, name: stage.name, keyColumns: tables.source.key.count)
                var batch = RejectBatch(
                    ledger: site.ledger, stage: chunked, stream: stream, tables: tables, limits: limits)
                return try batch.perform(after: last, limit: limit, carefully: carefully, transaction)
            }
            switch part {
            case .none: return (resolved, gone)
            case .tooMuch: limit = max(1, limit / 2)
            case .tried(let outcome):
                last = outcome.last
                resolved += outcome.resolved
                gone += outcome.gone
            }
        }
    }

    /// Does work that writes rows; when the server refuses one of them, does it again in halves.
    private func trying<R>(
        _ stage: Stage, waitingFor source: QualifiedName, on session: Session,
        _ work: (borrowing Transaction, _ carefully: Bool) throws -> R
    ) throws -> R {
        func perform(carefully: Bool) throws -> R {
            try session.perform("retrying rejects of stage \(stage.name)", locking: [source], waits: true) {
                connection in
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
