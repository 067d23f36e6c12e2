public import Pipelines
public import Postgres

/// Looks at what a run would do. It only reads: a role that may select is enough, and where it may not, the report says
/// so and goes on.
public struct PlanView {
    private let site: Site
    private let pipeline: Pipeline
    private let schema: Identifier
    private let limits: BatchLimits

    /// Prepares to look; nothing is read yet.
    public init(site: Site, pipeline: Pipeline, schema: Identifier, limits: BatchLimits = BatchLimits()) {
        self.site = site.trustingOwners(of: pipeline, on: schema)
        self.pipeline = pipeline
        self.schema = schema
        self.limits = limits
    }

    /// Describes what a run would do, and tries a sample of about so many rows of each source; none for 0.
    public func report(sample: Int64) throws -> PlanReport {
        let session = Session(site: site, name: "etl")
        try session.open()
        return try look("planning", session, isolation: .readCommitted) { transaction in
            try PlanMaking(site: site, pipeline: pipeline, schema: schema, limits: limits)
                .report(sample: sample, transaction)
        }
    }

    /// The first rows of each source, in the order of its key, and what they would become; with the reasons for sources that
    /// cannot be read.
    public func previews(rows: Int64) throws -> (rows: [RowPreview], impossible: [String]) {
        let session = Session(site: site, name: "etl")
        try session.open()
        var previews: [RowPreview] = []
        var impossible: [String] = []
        try look("reading rows", session, isolation: .repeatableRead) { transaction in
            (previews, impossible) = ([], [])
            for stage in pipeline.stages {
                guard case .stream(let stream) = stage.work else { continue }
                let readable = try ReadableSource.find(stream, in: schema, transaction)
                guard case .tables(let tables) = readable else {
                    impossible += readable.reasons.map { "\(stage.name): \($0)" }
                    continue
                }
                let shown = RowPreviews(stage: stage.name, stream: stream, tables: tables, limits: limits)
                switch try transaction.attempt({ try shown.first(rows, transaction) }) {
                case .success(let found): previews += found
                case .failure(let error): impossible.append("\(stage.name): \(error.message)")
                }
            }
        }
        return (previews, impossible)
    }

    private func look<R>(
        _ what: String, _ session: Session, isolation: TransactionSettings.Isolation,
        _ body: (borrowing Transaction) throws -> R
    ) throws -> R {
        var settings = site.looking
        settings.isolation = isolation
        // A lock that somebody holds on a table is told, not waited for.
        settings.lock = site.deadlines.lock
        return try session.perform(what, locking: pipeline.tables(in: schema)) { connection in
            try connection.transaction(settings) { try body($0) }
        }
    }
}
