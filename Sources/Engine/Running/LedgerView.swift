public import Ledger
public import Pipelines
public import Postgres

/// Looks into the ledger for commands that run nothing: a role that may only read is enough.
public struct LedgerView {
    private let site: Site
    private let session: Session

    /// A view of the site's ledger; opens a session.
    public init(site: Site) throws {
        let session = Session(site: site, name: "etl")
        try session.open()
        self.init(site: site, session: session)
    }

    init(site: Site, session: Session) {
        self.site = site
        self.session = session
    }

    /// How runs stand, the newest first, each as it is at one moment; empty where no ledger is.
    ///
    /// A run that seems to be interrupted is looked at twice: who ended in order between a look at the ledger and one at
    /// the living has told the ledger by the second.
    public func summaries(of pipeline: String? = nil, on schema: Identifier? = nil) throws -> [RunSummary] {
        let first = try readSummaries(of: pipeline, on: schema)
        return first.contains(where: \.hasNoEnd) ? try readSummaries(of: pipeline, on: schema) : first
    }

    private func readSummaries(of pipeline: String?, on schema: Identifier?) throws -> [RunSummary] {
        try look(.repeatableRead) { transaction in
            try site.ledger.runs(transaction).filter { run in
                (pipeline == nil || pipeline == run.pipeline)
                    && (schema == nil || schema == Identifier(run.sourceSchema))
            }.map { try RunSummary($0, ledger: site.ledger, transaction) }
        } ?? []
    }

    /// How the run of a pipeline stands; nil where it was never begun.
    public func summaryIfBegun(of pipeline: String, on schema: Identifier) throws -> RunSummary? {
        let summary = try look { transaction in
            try site.ledger.run(of: pipeline, on: schema, transaction).map {
                try RunSummary($0, ledger: site.ledger, transaction)
            }
        }
        return summary ?? nil
    }

    /// How the run of a pipeline stands; throws where it was never begun.
    public func summary(of pipeline: String, on schema: Identifier) throws -> RunSummary {
        guard let summary = try summaryIfBegun(of: pipeline, on: schema) else {
            throw Self.neverBegun(pipeline, schema)
        }
        return summary
    }

    /// Gives `body` the open rejects of a pipeline as they are at one moment, in the order of the source's key. Gives
    /// nothing where the pipeline was never run.
    public func openRejects(
        of pipeline: Pipeline, on schema: Identifier, limit: Int64 = .max, _ body: (OpenReject) throws -> Void
    ) throws {
        var settings = site.looking
        settings.isolation = .repeatableRead
        try session.perform("reading the rejects") { connection in
            try connection.transaction(settings) { transaction in
                let presence = try site.ledger.forReading.presence(transaction)
                try LedgerGuard.admit(presence, site.ledger)
                guard presence == .ours,
                    let run = try site.ledger.run(of: pipeline.name, on: schema, transaction)
                else { return }
                for stage in pipeline.stages {
                    guard case .stream(let stream) = stage.work else { continue }
                    let chunked = ChunkedStage(run: run.id, name: stage.name, keyColumns: stream.source.key.count)
                    let source = QualifiedName(schema: schema, name: stream.source.table)
                    let order = try KeyOrder.expression(stream.source.key, of: source, transaction)
                    try openRejects(of: chunked, in: order, limit: limit, transaction, body)
                }
            }
        }
    }

    private func openRejects(
        of stage: ChunkedStage, in order: SQL, limit: Int64, _ transaction: borrowing Transaction,
        _ body: (OpenReject) throws -> Void
    ) throws {
        let page: Int64 = 1000
        var offset: Int64 = 0
        while offset < limit {
            let wanted = min(page, limit - offset)
            let part = try site.ledger.openRejects(
                of: stage, keyOrder: order, limit: wanted, offset: offset, transaction)
            for reject in part { try body(reject) }
            offset += wanted
            if part.count < wanted { return }
        }
    }

    /// Asks every process that works on a pipeline's runs, or on its run on one schema, to stop in order; says who they
    /// are.
    public func requestStop(of pipeline: String, on schema: Identifier?) throws -> [RunSummary.Worker] {
        let runs = try look { try site.ledger.runs($0) } ?? []
        return try runs.filter { run in
            run.pipeline == pipeline && (schema == nil || schema?.name == run.sourceSchema)
        }.flatMap { run in
            try session.perform("asking to stop") { connection in
                try connection.transaction(site.moving) { try requestStop(of: run, $0) }
            }
        }
    }

    private func requestStop(of run: Run, _ transaction: borrowing Transaction) throws -> [RunSummary.Worker] {
        try LedgerGuard.admit(try site.ledger.presence(transaction), site.ledger)
        let living = try site.ledger.livingWorkers(of: run.id, transaction)
        if living.isEmpty { return [] }
        try site.ledger.requestStop(of: run.id, transaction)
        try site.ledger.audit(.stopRequested, run: run.id, pipeline: run.pipeline, by: site.actor, transaction)
        return RunSummary.Worker.processes(of: living)
    }

    func existingRun(of pipeline: String, on schema: Identifier) throws -> RunID {
        let run = try look { try site.ledger.run(of: pipeline, on: schema, $0)?.id }
        guard let run, let run else { throw Self.neverBegun(pipeline, schema) }
        return run
    }

    /// Reads the ledger; nil where there is none.
    private func look<R>(
        _ isolation: TransactionSettings.Isolation = .readCommitted, _ body: (borrowing Transaction) throws -> R
    ) throws -> R? {
        var settings = site.looking
        settings.isolation = isolation
        return try session.perform("reading the ledger") { connection in
            do {
                return try connection.transaction(settings) { transaction in
                    let presence = try site.ledger.forReading.presence(transaction)
                    if presence == .absent { return nil }
                    try LedgerGuard.admit(presence, site.ledger)
                    return try body(transaction)
                }
            } catch let error as PostgresError where error.serverError?.sqlstate == "42501" {
                throw notAllowed(error)
            }
        }
    }

    private func notAllowed(_ error: PostgresError) -> Failure {
        var failure = Failure(error, while: "reading the ledger")
        let schema = site.ledger.schema.quoted
        failure.next = """
            let its owner say, with your role in the place of the dots: \
            grant usage on schema \(schema) to …; grant select on all tables in schema \(schema) to …
            """
        return failure
    }

    private static func neverBegun(_ pipeline: String, _ schema: Identifier) -> Failure {
        Failure(
            .usage, "pipeline \(pipeline) was never run on schema \(schema) of this database",
            next: "begin it with etl run, or name the schema that it works on with --schema")
    }
}
