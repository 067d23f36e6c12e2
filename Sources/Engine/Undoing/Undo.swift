import Ledger
import Pipelines
import Postgres

/// Takes a run back, the last stage first, until the database is as it was before it. Each stage's part commits together
/// with the note that it was done, so that it goes on where it stopped.
public struct Undo {
    /// How often it is looked for what others wrote, because they write meanwhile.
    private static let looks = 3

    private let site: Site
    private let request: UndoRequest

    /// Prepares to take a run back; nothing is touched yet.
    public init(site: Site, request: UndoRequest) {
        self.site = site.trustingOwners(of: request.pipeline, on: request.schema)
        self.request = request
    }

    /// Takes back what is not yet; throws `Failure` when that could not be done to the end.
    public func perform() throws -> UndoResult {
        let session = Session(site: site, name: "etl")
        try session.open()
        guard let run = try look(session) else { return UndoResult(run: nil, stages: [], lacking: []) }
        if run.isUndone { return UndoResult(run: run.id.value, stages: [], lacking: []) }
        let entry = RunEntry(site: site, pipeline: request.pipeline, schema: request.schema)
        let terms = ConfirmGuard.record(request.database) + (request.discardsNew ? "; discarding what is new" : "")
        return try entry.work(.undo, on: run.id, detail: terms, session) { working in
            do {
                return try perform(run.id, on: working)
            } catch let failure as Failure {
                note(failure, run.id, on: working)
                throw failure.at("undo of \(request.pipeline.name)")
            } catch let error as PostgresError {
                let failure = Failure(error, while: "undoing \(request.pipeline.name)")
                note(failure, run.id, on: working)
                throw failure
            }
        }
    }

    /// Looks whether there is something to take back and nothing in the way, without touching anything.
    private func look(_ session: Session) throws -> (id: RunID, isUndone: Bool)? {
        try ActiveRun.waitingForOthers(site) {
            try session.perform("looking at the run") { connection in
                try connection.transaction(site.defining) { try look($0) }
            }
        }
    }

    private func look(_ transaction: borrowing Transaction) throws -> (id: RunID, isUndone: Bool)? {
        try ConfirmGuard.refuse(Consent(database: request.database), transaction)
        let presence = try site.ledger.presence(transaction)
        try LedgerGuard.admit(presence, site.ledger)
        guard presence == .ours,
            let run = try site.ledger.run(of: request.pipeline.name, on: request.schema, transaction)
        else { return nil }
        try ActiveRun.refuse(run, site.ledger, transaction)
        try RunBinding.check(run, site.ledger, transaction)
        let plan = try UndoPlan(request, of: run.id, site.ledger, transaction)
        let last = try site.ledger.lastEnd(of: run.id, transaction)
        // One that was undone before may have been run again since, and this undoing be at its last step.
        if plan.begun.isEmpty, last?.act == Act.undone.rawValue, run.state != .undoing { return (run.id, true) }
        try StageChanges.refuse(in: request.pipeline, of: run.id, site.ledger, transaction)
        try UndoGuards(site: site, request: request, plan: plan).refuse(transaction)
        return (run.id, false)
    }

    private func perform(_ run: RunID, on session: Session) throws -> UndoResult {
        try LedgerRenewal.perform(session, site)
        let context = UndoContext(
            site: site, pipeline: request.pipeline, schema: request.schema, run: run, limits: request.limits,
            discardsNew: request.discardsNew, session: session)
        var done: [UndoResult.Stage] = []
        var lacking: [String] = []
        func take(_ steps: [UndoPlan.Step], _ plan: UndoPlan, looked: LookedAt = LookedAt()) throws {
            for step in steps {
                let outcome = try UndoStep(context: context, plan: plan, looked: looked).perform(step)
                lacking += outcome.lacking
                guard let what = outcome.what else { continue }
                done.append(UndoResult.Stage(name: step.stage, what: what))
                site.reporter.report(.notice("\(step.stage): \(what)"))
            }
        }
        // Columns first: without them nothing tells what came of them from what others wrote.
        var plan = try self.plan(of: run, on: session)
        try take(plan.steps.filter(\.isRestoration), plan)
        plan = try self.plan(of: run, on: session)
        let looked = request.discardsNew ? LookedAt() : try look(context, plan, isWhole: done.isEmpty)
        try take(plan.steps.filter { !$0.isRestoration }, plan, looked: looked)
        try session.perform("closing the run") { connection in
            try connection.transaction(site.moving) { transaction in
                try site.ledger.markUndone(run, transaction)
                try site.ledger.audit(
                    .undone, run: run, pipeline: request.pipeline.name,
                    detail: lacking.isEmpty ? "as before the run" : lacking.joined(separator: "; "), by: site.actor,
                    transaction)
            }
        }
        return UndoResult(run: run.value, stages: done, lacking: lacking)
    }

    private func plan(of run: RunID, on session: Session) throws -> UndoPlan {
        try session.perform("looking at the run") { connection in
            try connection.transaction(site.looking) { try UndoPlan(request, of: run, site.ledger, $0) }
        }
    }

    /// Looks for what others wrote until nobody writes meanwhile, but not for ever: what is removed is looked at once more
    /// when nobody else can get at it.
    private func look(_ context: UndoContext, _ plan: UndoPlan, isWhole: Bool) throws -> LookedAt {
        var looked = LookedAt()
        for _ in 0..<Self.looks {
            looked = try context.look { try LookedAt(plan.removedWhole(in: request.schema), $0) }
            try refuseLaterWrites(context, plan, isWhole: isWhole)
            if try context.look({ try looked.changed($0) }).isEmpty { break }
        }
        return looked
    }

    private func refuseLaterWrites(_ context: UndoContext, _ plan: UndoPlan, isWhole: Bool) throws {
        let strangers = try LaterWrites(context: context, plan: plan).find()
        let command = try context.session.perform("looking at the database's name") { connection in
            try connection.transaction(site.looking) { transaction in
                try UndoGuards(site: site, request: request, plan: plan).command(discardingNew: true, transaction)
            }
        }
        let catchUp = isWhole ? site.command("catch-up", request.pipeline.name) : nil
        if let refusal = strangers.refusal(catchUp: catchUp, then: command), !Mutant.is(.undoLaterWrites) {
            throw refusal
        }
    }

    /// What stands is in the ledger's stages; why it stopped is for whoever looks at the run next.
    private func note(_ failure: Failure, _ run: RunID, on session: Session) {
        let isStop = if case .stopped = failure.kind { true } else { false }
        session.attempt { connection in
            try connection.transaction(site.moving) { transaction in
                try site.ledger.audit(
                    isStop ? .stop : .fail, run: run, pipeline: request.pipeline.name, detail: "undo: \(failure.what)",
                    by: site.actor, transaction)
            }
        }
    }
}
