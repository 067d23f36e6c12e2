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

    /// How long another process is waited for before it is said to be active.
    private static let patience = 5.0

    let site: Site
    let request: RunRequest
    let session: Session

    /// Begins or resumes the run, or finds that there is nothing to do.
    func begin(_ wanted: [Stage]) throws -> Begun {
        try checkServer()
        try prepareLedger()
        let deadline = MonotonicClock.now + Self.patience
        while true {
            try site.throwIfStopping()
            do {
                return try session.perform("beginning the run") { connection in
                    try connection.transaction(site.moving) { try begin(on: connection, $0) }
                }
            } catch let failure as Failure where failure.kind == .anotherRun && MonotonicClock.now < deadline {
                _ = site.interruption.wait(seconds: 0.2)
            }
        }
    }

    private func checkServer() throws {
        let problems = try session.perform("looking at the server") { connection in
            try connection.transaction(TransactionSettings(access: .read, statement: site.deadlines.statement)) {
                try ServerCheck.problems(connection, $0)
            }
        }
        guard problems.isEmpty else {
            throw Failure(.usage, problems.joined(separator: "; "), details: problems.count > 1 ? problems : [])
        }
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
    }

    private func begin(on connection: Connection, _ transaction: borrowing Transaction) throws -> Begun {
        let run = try site.ledger.lockRun(of: request.pipeline.name, on: request.schema, transaction)
        try RunBinding.check(run, site.ledger, transaction)
        let stages = request.pipeline.stages
        try site.ledger.register(stages.map { ($0.name, $0.work.kind) }, of: run.id, transaction)
        let records = try site.ledger.stages(of: run.id, transaction)
        let hashes = try site.ledger.fingerprints(of: stages.map(\.canonicalDefinition), transaction)
        let fingerprints = Dictionary(uniqueKeysWithValues: zip(stages.map(\.name), hashes))
        try refuseChanges(in: stages, records, fingerprints)
        let done = Set(records.filter { $0.state == .done }.map(\.name))
        let plan = try Plan(request.pipeline, done: done, goal: request.goal)
        let leader = Introduction(site: site, run: run.id, number: 0)
        let begun = Begun(run: run.id, plan: plan, fingerprints: fingerprints, leader: leader)
        if plan.steps.isEmpty { return begun }
        if !request.joins { try ActiveRun.refuse(run, site.ledger, transaction) }
        // In this very transaction, or whoever waits for the run's row would find nobody at work.
        try leader.enter(connection, transaction)
        let isNew = records.allSatisfy { $0.state == .pending }
        try site.ledger.set(.running, of: run.id, transaction)
        try site.ledger.audit(
            request.joins ? .join : isNew ? .begin : .resume, run: run.id, pipeline: request.pipeline.name,
            detail: "stages " + plan.steps.map(\.name).joined(separator: ", "), by: site.actor, transaction)
        site.reporter.report(.runBegan(run: run.id.value, pipeline: request.pipeline.name, resumed: !isNew))
        return begun
    }

    /// A stage that was begun by one definition is not gone on with by another. Checks move nothing and may change.
    private func refuseChanges(
        in stages: [Stage], _ records: [StageRecord], _ fingerprints: [String: String]
    ) throws(Failure) {
        let changed = stages.filter { stage in
            guard !stage.isCheck, let record = records.first(where: { $0.name == stage.name }) else { return false }
            return record.state != .pending && record.fingerprint != fingerprints[stage.name]
        }
        guard !changed.isEmpty else { return }
        let names = changed.map { "\($0.name) (\(request.pipeline.file):\($0.line))" }.joined(separator: ", ")
        throw Failure(
            .refused, "stages that were begun or done have changed since: \(names)",
            details: ["a comment, white space or a line ending is no change; a token of the SQL or the definition is"],
            next: "bring the definition back as it was when the stage was begun")
    }
}

/// Says no while somebody works on a run.
enum ActiveRun {
    /// Throws while a worker of the run lives, other than the one named, or a row that stands for its work is locked.
    static func refuse(
        _ run: Run, except own: WorkerID? = nil, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws {
        let living = try ledger.livingWorkers(of: run.id, transaction).filter { $0.id != own }
        guard try !living.isEmpty || ledger.hasLockedWork(of: run.id, transaction) else { return }
        let who = living.first.map { "by process \($0.pid) on \($0.host), since \($0.since)" }
        throw Failure(
            .anotherRun, "pipeline \(run.pipeline) is being run \(who ?? "by a session that is still ending")",
            next: "wait for it, help it with --join, or stop it with: etl stop \(run.pipeline)")
    }
}

/// Says no to a schema that is not our ledger.
enum LedgerGuard {
    /// Throws unless there is a ledger of ours, or there was none and it was made.
    static func admit(_ presence: Ledger.Presence, _ ledger: Ledger) throws(Failure) {
        switch presence {
        case .absent, .ours: return
        case .newer(let version):
            throw Failure(
                .refused,
                "the ledger in schema \(ledger.schema) has version \(version), this program knows \(Ledger.version)",
                next: "use the newer program that made it")
        case .foreign:
            throw Failure(
                .refused, "the schema \(ledger.schema) holds objects that are not a ledger of etl",
                next: "name another schema with --ledger-schema")
        }
    }
}

/// What a run is bound to.
enum RunBinding {
    /// Throws when the run belongs to another cluster or database: a restored copy is not the one it was begun on.
    static func check(_ run: Run, _ ledger: Ledger, _ transaction: borrowing Transaction) throws {
        let identity = try ledger.identity(transaction)
        let isSameSystem =
            run.systemIdentifier == nil || identity.system == nil || run.systemIdentifier == identity.system
        guard isSameSystem, run.databaseOID == identity.database else {
            throw Failure(
                .refused, "run \(run.id.value) was begun in another database or on another server than this one",
                details: ["a copy of a database does not go on with the original's run"])
        }
    }
}
