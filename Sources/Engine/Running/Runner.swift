import Glibc
import Ledger
import Pipelines
import Postgres

/// What came of asking for a run.
public struct RunResult: Sendable {
    /// How the run stands, read from the ledger at the end.
    public let summary: RunSummary
    /// Whether there was nothing to do.
    public let hadNothingToDo: Bool
    /// What is new or changed in the sources of the stages that are done; nil where they cannot be read any more.
    public let changes: SourceChanges?
    /// Why the work is over though stages are open, where a check said so.
    public let finishedReason: String?
}

/// A run, straight down: look at the server and the ledger, plan, do one stage after the other, and read from the ledger
/// what came of it.
public struct Runner {
    private let site: Site
    private let request: RunRequest

    /// Prepares a run; nothing is touched yet.
    public init(site: Site, request: RunRequest) {
        self.site = site.trustingOwners(of: request.pipeline, on: request.schema)
        self.request = request
    }

    /// Does what is asked for and is not done yet; throws `Failure` when it could not be done to the end.
    public func run() throws -> RunResult {
        // Said first, because it can be said without a server.
        let wanted = try Plan.wanted(in: request.pipeline, goal: request.goal)
        let session = Session(site: site, name: "etl")
        try session.open(waits: true)
        let start = RunStart(site: site, request: request, session: session)
        let begun = try start.begin(wanted)
        guard !begun.plan.steps.isEmpty else {
            return try result(of: begun.run, session, hadNothingToDo: true)
        }
        let leader = begun.leader
        let working = Session(site: site, name: "etl:\(begun.run.value):0") { connection, end in
            try leader.introduce(connection, after: end)
            // It is not needed until the summary, and where sessions are few a worker may have it.
            session.close()
        }
        do {
            let reason = try perform(begun, on: working)
            try close(begun, wanted, on: working, leader: leader, isComplete: reason == nil)
            return try result(of: begun.run, session, finishedReason: reason)
        } catch let failure as Failure {
            note(failure, begun.run, on: working, leader: leader)
            throw failure.at(request.pipeline.name)
        } catch let error as PostgresError {
            let failure = Failure(error, while: "pipeline \(request.pipeline.name)")
            note(failure, begun.run, on: working, leader: leader)
            throw failure
        }
    }

    /// Does the stages in order; a reason when a check says that there is nothing left to do.
    private func perform(_ begun: RunStart.Begun, on session: Session) throws -> String? {
        for stage in begun.plan.steps {
            try site.throwIfStopping()
            try stopIfAsked(begun.run, session)
            try request.rejectLimit?.check(begun.run, site, on: session)
            site.reporter.report(.stageBegan(stage: stage.name, kind: stage.work.kind))
            do {
                let cost = try StageCost(site, on: session)
                let context = StageContext(
                    site: site, request: request, run: begun.run, stage: stage,
                    fingerprint: begun.fingerprints[stage.name] ?? "", session: session)
                switch try StageWork(context: context).perform() {
                case .finished(let reason):
                    try refuseHalfDone(begun.run, reason, session)
                    site.reporter.report(.stageSkipped(stage: stage.name, reason: reason))
                    return reason
                case .skipped(let reason): site.reporter.report(.stageSkipped(stage: stage.name, reason: reason))
                case .done(let rows):
                    site.reporter.report(try cost.finished(stage, rows: rows, site, on: session))
                }
            } catch let failure as Failure {
                throw failure.at("\(request.pipeline.name), stage \(stage.name)")
            } catch let error as PostgresError {
                throw Failure(
                    error, while: "stage \(stage.name)", place: "\(request.pipeline.name), stage \(stage.name)")
            }
        }
        return nil
    }

    /// A check may say that nothing is left to do only while nothing was begun that is not done.
    private func refuseHalfDone(_ run: RunID, _ reason: String, _ session: Session) throws {
        let records = try session.perform("reading the ledger") { connection in
            try connection.transaction(site.looking) { try site.ledger.stages(of: run, $0) }
        }
        guard let half = records.first(where: { $0.state == .running && $0.sourceOID != nil }) else { return }
        throw Failure(
            .refused, "\(reason); but stage \(half.name) was begun and is not done",
            next: "bring the column back, or keep what was migrated as it is and run no further")
    }

    private func stopIfAsked(_ run: RunID, _ session: Session) throws {
        try session.perform("reading the ledger") { connection in
            try connection.transaction(site.looking) { try site.noteStopRequest(of: run, $0) }
        }
        try site.throwIfStopping()
    }

    /// The run is done when every stage that is not optional is.
    private func close(
        _ begun: RunStart.Begun, _ wanted: [Stage], on session: Session, leader: Introduction, isComplete: Bool
    ) throws {
        try session.perform("closing the run") { connection in
            try connection.transaction(site.moving) { transaction in
                let done = Set(
                    try site.ledger.stages(of: begun.run, transaction).filter { $0.state == .done }.map(\.name))
                let state = isComplete ? request.pipeline.state(whereDone: done) : .done
                try site.ledger.set(state, of: begun.run, transaction)
                try site.ledger.audit(
                    .finish, run: begun.run, pipeline: request.pipeline.name,
                    detail: "as far as \(wanted.last?.name ?? "")", by: site.actor, transaction)
                try site.ledger.endWorker(try leader.current(), transaction)
            }
        }
        session.close()
    }

    private func note(_ failure: Failure, _ run: RunID, on session: Session, leader: Introduction) {
        let isStop = if case .stopped = failure.kind { true } else { false }
        session.attempt { connection in
            try connection.transaction(site.moving) { transaction in
                try site.ledger.set(isStop ? .stopped : .failed, of: run, transaction)
                try site.ledger.audit(
                    isStop ? .stop : .fail, run: run, pipeline: request.pipeline.name, detail: failure.what,
                    by: site.actor, transaction)
                try site.ledger.endWorker(try leader.current(), transaction)
            }
        }
        session.close()
    }

    private func result(
        of run: RunID, _ session: Session, hadNothingToDo: Bool = false, finishedReason: String? = nil
    ) throws -> RunResult {
        try session.perform("reading the summary") { connection in
            try connection.transaction(site.looking) { transaction in
                guard let record = try site.ledger.run(of: request.pipeline.name, on: request.schema, transaction)
                else {
                    throw Failure(.failed, "the ledger has lost run \(run.value)")
                }
                let changes = try changes(of: run, transaction)
                return RunResult(
                    summary: try RunSummary(record, ledger: site.ledger, transaction),
                    hadNothingToDo: hadNothingToDo, changes: changes, finishedReason: finishedReason)
            }
        }
    }

    /// What is new or changed in the sources of the stages that are done; nil where the columns are gone already.
    private func changes(of run: RunID, _ transaction: borrowing Transaction) throws -> SourceChanges? {
        let records = try site.ledger.stages(of: run, transaction).filter { $0.state == .done }
        for record in records {
            for target in record.targetOIDs {
                guard
                    try transaction.row("select exists (select from pg_class where oid = \(.int(target))::oid)").bool(0)
                else {
                    throw Failure(
                        .refused, "the table that stage \(record.name) filled is gone, and what was migrated with it",
                        next: "bring the table back; to migrate anew, remove the run from the ledger's table runs first"
                    )
                }
            }
        }
        let done = Set(records.filter { $0.skipped == nil }.map(\.name))
        var sum = SourceChanges()
        for stage in request.pipeline.stages where done.contains(stage.name) {
            guard case .stream(let stream) = stage.work else { continue }
            guard let tables = try? StreamTables(stream, schema: request.schema, transaction) else { return nil }
            let chunked = ChunkedStage(run: run, name: stage.name, keyColumns: tables.source.key.count)
            sum += try SourceChanges.find(in: chunked, of: tables.source, ledger: site.ledger, transaction)
        }
        return sum
    }
}
