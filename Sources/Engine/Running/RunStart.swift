import Ledger
import Pipelines
import Postgres

/// The beginning of a run: the server is looked at, the ledger is there, nobody else is at work, nothing that was begun
/// has changed, and the ledger knows that we work on it.
struct RunStart {
    /// What was begun.
    struct Begun {
        let run: RunID
        let plan: Plan
        let fingerprints: [String: String]
        /// Who leads this process's work; entered already where there is work.
        let leader: Introduction
    }

    let site: Site
    let request: RunRequest
    let session: Session

    /// Begins or resumes the run, or finds that there is nothing to do.
    func begin(_ wanted: [Stage]) throws -> Begun {
        try checkServer()
        try checkDatabase()
        try checkNeeds()
        try prepareLedger()
        return try ActiveRun.waitingForOthers(site) {
            try session.perform("beginning the run") { connection in
                try connection.transaction(site.moving) { try begin(on: connection, $0) }
            }
        }
    }

    private func checkServer() throws {
        let problems = try session.perform("looking at the server") { connection in
            try connection.transaction(TransactionSettings(access: .read, statement: site.deadlines.statement)) {
                try ServerCheck.problems(connection, schema: request.schema, $0).map(\.sentence)
            }
        }
        guard problems.isEmpty else {
            throw Failure(.usage, problems.joined(separator: "; "), details: problems.count > 1 ? problems : [])
        }
    }

    /// Before anything is done, though it is only asked for when something is to be destroyed.
    private func checkDatabase() throws {
        try session.perform("looking at the database's name") { connection in
            try connection.transaction(site.looking) { try ConfirmGuard.refuse(request.consent, $0) }
        }
    }

    /// Before anything is made. A pipeline that is done had all that it needs.
    private func checkNeeds() throws {
        if request.pipeline.needs.isEmpty, request.pipeline.rivals.isEmpty { return }
        try session.perform("looking at what \(request.pipeline.name) needs") { connection in
            try connection.transaction(site.looking) { transaction in
                let presence = try site.ledger.presence(transaction)
                try LedgerGuard.admit(presence, site.ledger)
                if presence == .ours {
                    if try isDone(transaction) { return }
                    try Rivals.refuse(request.pipeline, on: request.schema, site, transaction)
                }
                try Needs.refuse(request.pipeline, on: request.schema, site.ledger, transaction)
            }
        }
    }

    private func isDone(_ transaction: borrowing Transaction) throws -> Bool {
        guard let run = try site.ledger.run(of: request.pipeline.name, on: request.schema, transaction)
        else { return false }
        let done = try site.ledger.stages(of: run.id, transaction).filter { $0.state == .done }.map(\.name)
        return try Plan(request.pipeline, done: Set(done), goal: request.goal).steps.isEmpty
    }

    private func prepareLedger() throws {
        let found = try session.perform("making the ledger") { connection in
            try connection.transaction(site.looking) { try site.ledger.presence($0) }
        }
        let presence =
            found != .absent
            ? found
            : try session.perform("making the ledger") { connection in
                try connection.transaction(site.moving) { try site.ledger.create($0) }
            }
        try LedgerGuard.admit(presence, site.ledger)
        if found == .ours { try LedgerRenewal.perform(session, site) }
    }

    private func begin(on connection: Connection, _ transaction: borrowing Transaction) throws -> Begun {
        // Looked at again where none of them can begin meanwhile.
        try Rivals.refuse(request.pipeline, on: request.schema, site, holdingStarts: true, transaction)
        let run = try site.ledger.lockRun(of: request.pipeline.name, on: request.schema, transaction)
        try RunBinding.check(run, site.ledger, transaction)
        try HalfUndone.refuse(run, site)
        let stages = request.pipeline.stages
        try site.ledger.register(stages.map { ($0.name, $0.work.kind, $0.isOptional) }, of: run.id, transaction)
        let records = try site.ledger.stages(of: run.id, transaction)
        let fingerprints = try StageChanges.refuse(in: request.pipeline, of: run.id, site.ledger, transaction)
        let done = Set(records.filter { $0.state == .done }.map(\.name))
        let plan = try Plan(request.pipeline, done: done, goal: request.goal)
        let leader = Introduction(site: site, run: run.id, number: 0)
        let begun = Begun(run: run.id, plan: plan, fingerprints: fingerprints, leader: leader)
        if plan.steps.isEmpty {
            try closeIfLeftOpen(run, done: done, transaction)
            return begun
        }
        // Whoever takes the run back is not to be helped with it.
        if try !request.joins || site.ledger.isBeingUndone(run.id, transaction) {
            try ActiveRun.refuse(run, site.ledger, transaction)
        }
        let isAlone = try site.ledger.livingWorkers(of: run.id, transaction).isEmpty
        // In this very transaction, or whoever waits for the run's row would find nobody at work.
        try leader.enter(connection, transaction)
        let isNew = records.allSatisfy { $0.state == .pending }
        try site.ledger.set(.running, of: run.id, joining: request.joins && !isAlone, transaction)
        try site.ledger.audit(
            request.joins ? .join : isNew ? .begin : .resume, run: run.id, pipeline: request.pipeline.name,
            detail: "stages " + plan.steps.map(\.name).joined(separator: ", "), by: site.actor, transaction)
        if request.joins, !isAlone {
            site.reporter.report(.notice("joins run \(run.id.value) of \(request.pipeline.name)"))
        } else {
            site.reporter.report(.runBegan(run: run.id.value, pipeline: request.pipeline.name, resumed: !isNew))
        }
        return begun
    }

    /// A process that was killed, or lost its server, after its last stage could not say any more that the run is closed; one that
    /// was stopped while another finished it said the last word, and a wrong one.
    private func closeIfLeftOpen(_ run: Run, done: Set<String>, _ transaction: borrowing Transaction) throws {
        guard [.running, .failed, .stopped].contains(run.state),
            try site.ledger.livingWorkers(of: run.id, transaction).isEmpty
        else { return }
        try site.ledger.set(request.pipeline.state(whereDone: done), of: run.id, transaction)
        try site.ledger.audit(
            .finish, run: run.id, pipeline: request.pipeline.name, detail: "nothing was left to do", by: site.actor,
            transaction)
    }
}
