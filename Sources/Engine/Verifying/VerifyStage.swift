import Ledger
import Pipelines
import Postgres

/// A stage that compares what other stages wrote with what they should have written, chunk by chunk, and keeps the verdict
/// in the ledger. One that found something wrong is never taken up again where it stood: all of it is done anew.
struct VerifyStage {
    let context: StageContext
    let verification: Verification

    private var site: Site { context.site }

    /// Does the stage; throws when something is wrong.
    func perform() throws -> StageWork.Outcome {
        let differences = DifferenceList()
        let moved = try verify(differences)
        let verdict = try session("reading the verdict") {
            try site.ledger.verdict(of: context.stage.name, in: context.run, $0)
        }
        guard verdict.hasPassed else {
            throw Failure(
                .failed, "what was migrated is not what it should be: \(verdict.sentence)",
                details: differences.all.flatMap(\.lines),
                next: "look at these rows; after they are mended, or migrated anew, run it again")
        }
        for difference in differences.all { site.reporter.report(.notice(difference.lines.joined(separator: "; "))) }
        if verdict.stale > 0 {
            site.reporter.report(
                .notice(
                    "\(verdict.stale) rows were changed since they were migrated; bring them over with "
                        + site.command("catch-up", context.request.pipeline.name)))
        }
        return .done(rows: moved)
    }

    /// Lets a stage that is done be done anew; one that was left half-way goes on.
    func reopen() throws {
        try context.session.perform("stage \(context.stage.name)") { connection in
            try connection.transaction(site.moving) { transaction in
                let record = try site.ledger.stages(of: context.run, transaction).first {
                    $0.name == context.stage.name
                }
                guard record?.state == .done else { return }
                try site.ledger.reopenStage(context.stage.name, of: context.run, transaction)
            }
        }
    }

    /// Verifies everything and settles the stage; says how many rows this process looked at. The verdict is in the ledger.
    func verify(_ differences: DifferenceList) throws -> Int64 {
        try catchUp()
        var moved: Int64 = 0
        while true {
            let begun = try context.turn.take(site.defining) { transaction, record in
                try jobs(record, differences, transaction)
            }
            // Done by another process.
            guard let jobs = begun else { return moved }
            for job in jobs { moved += try context.work(job) }
            let isSettled = try context.turn.take { transaction, _ in try settle(jobs, transaction) }
            // Otherwise somebody began it anew meanwhile, and it is helped.
            if isSettled ?? true { return moved }
        }
    }

    /// Brings over what changed meanwhile, so that as little as possible is found to be stale. What is refused there is for
    /// the verification to find.
    private func catchUp() throws {
        let request = context.request
        let terms = RenewalTerms(
            limits: request.limits, existing: request.existing, ifAllowed: true,
            maximumRejects: request.maximumRejects)
        do {
            let stages = try CatchUp(
                site: site, schema: request.schema, terms: terms, session: context.session, run: context.run
            ).perform(MovedStage.all(of: request.pipeline, dependents: request.dependents))
            for stage in stages where !stage.changes.isEmpty {
                site.reporter.report(
                    .notice("\(stage.stage) of \(stage.pipeline): catch-up brought over \(stage.changes)"))
            }
        } catch let failure as Failure where failure.kind == .refused {
            site.reporter.report(.notice("catch-up: \(failure.what)"))
        }
    }

    /// Takes up a verification that is not at its end, or begins one.
    private func jobs(
        _ record: StageRecord, _ differences: DifferenceList, _ transaction: borrowing Transaction
    ) throws -> [ChunkJob] {
        let proofs = Proofs(
            verification, of: context.request.pipeline.name, schema: context.request.schema,
            ledger: site.ledger, limits: context.request.limits)
        let jobs = try proofs.jobs(stage: context.stage.name, of: context.run, differences, transaction)
        for reason in jobs.unprovable { site.reporter.report(.notice(reason)) }
        var isUnderWay = false
        if record.state == .running, record.fingerprint == context.fingerprint {
            for job in jobs.jobs where try site.ledger.chunksLeft(of: job.stage, transaction) > 0 { isUnderWay = true }
        }
        if isUnderWay { return jobs.jobs }
        let whole = ChunkedStage(run: context.run, name: context.stage.name, keyColumns: 1)
        try site.ledger.forgetChunks(of: whole, transaction)
        try site.ledger.beginStage(context.stage.name, of: context.run, fingerprint: context.fingerprint, transaction)
        var total: Int64 = 0
        for job in jobs.jobs {
            guard case .verify(let work) = job.work else { continue }
            try site.ledger.planChunks(of: job.stage, as: work.origin, transaction)
            total += try site.ledger.seen(by: work.origin, transaction).rows
        }
        try site.ledger.noteTotal(total, of: context.stage.name, in: context.run, transaction)
        return jobs.jobs
    }

    private func settle(_ jobs: [ChunkJob], _ transaction: borrowing Transaction) throws -> Bool {
        for job in jobs where try site.ledger.chunksLeft(of: job.stage, transaction) > 0 { return false }
        if try site.ledger.verdict(of: context.stage.name, in: context.run, transaction).hasPassed {
            try site.ledger.finishStage(context.stage.name, of: context.run, transaction)
        }
        return true
    }

    private func session<R>(_ what: String, _ body: (borrowing Transaction) throws -> R) throws -> R {
        try context.session.perform(what) { try $0.transaction(site.looking) { try body($0) } }
    }
}

extension Ledger {
    /// What the chunks of a verify stage say together.
    func verdict(of stage: String, in run: RunID, _ transaction: borrowing Transaction) throws -> Verdict {
        let totals = try totals(of: stage, in: run, transaction)
        return Verdict(
            read: totals.read, equal: totals.migrated, empty: totals.empty, rejected: totals.rejected,
            stale: totals.stale, wrong: totals.wrong, extra: totals.extra, others: totals.others)
    }
}
