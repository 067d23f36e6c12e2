import Ledger
import Pipelines
import Postgres

/// What a verification that was asked for found.
public struct VerifyResult: Sendable {
    /// One verify stage's findings.
    public struct Stage: Sendable {
        /// The stage.
        public let name: String
        /// The counts.
        public let verdict: Verdict
    }

    /// Where the answer comes from.
    public enum Basis: Sendable, Equatable {
        /// The rows were compared now, and the verdict is in the ledger.
        case comparedAndStored
        /// The rows were compared now; the role may not write to the ledger, so nothing was stored.
        case comparedOnly
        /// Columns were dropped since: the verdict that was stored then, and what the archive holds.
        case stored(archives: [String])
    }

    /// Where the answer comes from.
    public let basis: Basis
    /// The verify stages of the pipeline.
    public let stages: [Stage]
    /// The first differences.
    public let differences: [Difference]
    /// How the run stands.
    public let summary: RunSummary

    /// Whether nothing is wrong.
    public var hasPassed: Bool { stages.allSatisfy(\.verdict.hasPassed) }
}

/// Compares what a pipeline migrated with its source, whether or not that was done before.
public struct Verifier {
    private let site: Site
    private let request: RunRequest

    /// Prepares to verify; nothing is read yet.
    public init(site: Site, request: RunRequest) {
        self.site = site.trustingOwners(of: request.pipeline, on: request.schema)
        self.request = request
    }

    /// Compares everything once; throws `Failure` when it could not.
    public func perform() throws -> VerifyResult {
        let session = Session(site: site, name: "etl")
        try session.open(waits: true)
        let view = LedgerView(site: site, session: session)
        let run = try view.existingRun(of: request.pipeline.name, on: request.schema)
        let stages = try verifications(of: run, session)
        guard !stages.isEmpty else {
            throw Failure(.usage, "\(request.pipeline.name) has no verify stage", next: "etl list")
        }
        let (archives, mayWrite) = try session.perform("reading the ledger") { connection in
            try connection.transaction(site.looking) { transaction in
                (
                    try ArchiveCheck.perform(
                        request.pipeline, on: request.schema, ledger: site.ledger, transaction),
                    try site.ledger.mayBeWritten(transaction)
                )
            }
        }
        let differences = DifferenceList()
        var verdicts: [VerifyResult.Stage] = []
        let basis: VerifyResult.Basis
        if !archives.isEmpty {
            basis = .stored(archives: archives)
            verdicts = try stored(stages.map(\.0), of: run, session)
        } else if mayWrite {
            basis = .comparedAndStored
            let entry = RunEntry(site: site, pipeline: request.pipeline, schema: request.schema)
            try entry.work(.verify, on: run, session) { try compareAndStore(stages, of: run, $0, differences) }
            verdicts = try stored(stages.map(\.0), of: run, session)
        } else {
            basis = .comparedOnly
            for (stage, verification) in stages {
                let verdict = try UnstoredVerification(
                    site: site, request: request, run: run, stage: stage, verification: verification, session: session
                ).perform(differences)
                verdicts.append(VerifyResult.Stage(name: stage.name, verdict: verdict))
            }
        }
        return VerifyResult(
            basis: basis, stages: verdicts, differences: differences.all,
            summary: try view.summary(of: request.pipeline.name, on: request.schema))
    }

    /// The verify stages of the pipeline; an optional one that was never begun has nothing to verify.
    private func verifications(of run: RunID, _ session: Session) throws -> [(Stage, Verification)] {
        let records = try session.perform("reading the ledger") { connection in
            try connection.transaction(site.looking) { try site.ledger.stages(of: run, $0) }
        }
        let begun = Set(records.filter { $0.state != .pending }.map(\.name))
        return request.pipeline.stages.compactMap { stage in
            guard case .verify(let verification) = stage.work, !stage.isOptional || begun.contains(stage.name) else {
                return nil
            }
            return (stage, verification)
        }
    }

    private func stored(
        _ stages: [Stage], of run: RunID, _ session: Session
    ) throws -> [VerifyResult.Stage] {
        try session.perform("reading the verdict") { connection in
            try connection.transaction(site.looking) { transaction in
                try stages.map { stage in
                    VerifyResult.Stage(
                        name: stage.name, verdict: try site.ledger.verdict(of: stage.name, in: run, transaction))
                }
            }
        }
    }

    /// Does the stages again, as somebody who works on the run.
    private func compareAndStore(
        _ stages: [(Stage, Verification)], of run: RunID, _ working: Session, _ differences: DifferenceList
    ) throws {
        let fingerprints = try working.perform("reading the ledger") { connection in
            try connection.transaction(site.looking) { transaction in
                try site.ledger.fingerprints(of: stages.map(\.0.canonicalDefinition), transaction)
            }
        }
        for ((stage, verification), fingerprint) in zip(stages, fingerprints) {
            let context = StageContext(
                site: site, request: request, run: run, stage: stage, fingerprint: fingerprint, session: working)
            site.reporter.report(.stageBegan(stage: stage.name, kind: stage.work.kind))
            let cost = try StageCost(site, on: working)
            let work = VerifyStage(context: context, verification: verification)
            try work.reopen()
            let rows = try work.verify(differences)
            site.reporter.report(try cost.finished(stage, rows: rows, site, on: working))
        }
    }
}
