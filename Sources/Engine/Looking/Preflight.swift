import Ledger
public import Pipelines
public import Postgres

/// What a look before a run found.
public struct PreflightReport: Sendable {
    /// Everything, problems first.
    public let findings: [PreflightFinding]
    /// Whether a run would have nothing to do.
    public let isDone: Bool

    /// Whether nothing would stop a run.
    public var isClear: Bool { !findings.contains { $0.weight == .problem } }
}

/// Looks for everything that would stand in a run's way, all at once. It only reads.
public struct Preflight {
    private let site: Site
    private let pipeline: Pipeline
    private let schema: Identifier
    private let limits: BatchLimits

    /// Prepares to look; nothing is read yet.
    public init(site: Site, pipeline: Pipeline, schema: Identifier, limits: BatchLimits) {
        self.site = site.trustingOwners(of: pipeline, on: schema)
        self.pipeline = pipeline
        self.schema = schema
        self.limits = limits
    }

    /// Looks. Only what is still to be done can have anything in its way.
    public func report() throws -> PreflightReport {
        let session = Session(site: site, name: "etl")
        try session.open()
        var settings = site.looking
        // A lock that somebody holds on a table is told, not waited for.
        settings.lock = site.deadlines.lock
        return try session.perform("looking", locking: pipeline.tables(in: schema)) { connection in
            try connection.transaction(settings) { try report(connection, $0) }
        }
    }

    private func report(_ connection: Connection, _ transaction: borrowing Transaction) throws -> PreflightReport {
        var findings = try ServerCheck.problems(connection, schema: schema, transaction)
            .map { PreflightFinding(.problem, $0.what, remedy: $0.remedy) }
        let standing = try PipelineStanding(pipeline, on: schema, site.ledger, transaction)
        findings += RunFindings.find(standing, site)
        let checks = try CheckFindings(schema: schema, standing: standing).find(transaction)
        findings += checks.findings
        let isDone = standing.toDo.isEmpty || checks.isFinished
        if !isDone {
            findings += try WorkFindings(
                schema: schema, ledger: site.ledger.schema, limits: limits, standing: standing
            ).find(connection, transaction)
        }
        let order = PreflightFinding.Weight.allCases
        let sorted = order.flatMap { weight in findings.filter { $0.weight == weight } }
        return PreflightReport(findings: sorted, isDone: isDone)
    }
}
