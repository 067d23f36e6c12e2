import Ledger
import Pipelines
import Postgres

/// What came of catching up.
public struct CatchUpResult: Sendable {
    /// What every stage that moves rows had to be caught up with, those of later pipelines included.
    public let stages: [CaughtUpStage]
    /// How the run stands, read from the ledger at the end.
    public let summary: RunSummary
    /// Open rejects of later pipelines.
    public let openRejectsElsewhere: Int64
}

/// Brings over what came, changed or vanished in the source since a pipeline was run, and lets later pipelines follow.
public struct CatchingUp {
    private let site: Site
    private let request: RunRequest

    /// Prepares to catch up; nothing is touched yet.
    public init(site: Site, request: RunRequest) {
        self.site = site.trustingOwners(of: request.pipeline, on: request.schema)
        self.request = request
    }

    /// Catches up until what is left is little; throws `Failure` when it could not.
    public func perform() throws -> CatchUpResult {
        let session = Session(site: site, name: "etl")
        try session.open(waits: true)
        let view = LedgerView(site: site, session: session)
        let run = try view.existingRun(of: request.pipeline.name, on: request.schema)
        let entry = RunEntry(site: site, pipeline: request.pipeline, schema: request.schema)
        return try entry.work(.catchUp, on: run, session) { try catchUp(run, on: $0, view) }
    }

    private func catchUp(_ run: RunID, on session: Session, _ view: LedgerView) throws -> CatchUpResult {
        let stages = try CatchUp(
            site: site, schema: request.schema,
            terms: RenewalTerms(
                limits: request.limits, existing: request.existing, maximumRejects: request.maximumRejects),
            session: session, run: run
        ).perform(MovedStage.all(of: request.pipeline, dependents: request.dependents))
        var elsewhere: Int64 = 0
        for name in Set(stages.map(\.pipeline)) where name != request.pipeline.name {
            elsewhere += try view.summaryIfBegun(of: name, on: request.schema)?.openRejects ?? 0
        }
        return CatchUpResult(
            stages: stages, summary: try view.summary(of: request.pipeline.name, on: request.schema),
            openRejectsElsewhere: elsewhere)
    }
}
