import Ledger
import Pipelines
import Postgres

/// A stage of a run, and all that its work needs to know.
struct StageContext {
    let site: Site
    let request: RunRequest
    let run: RunID
    let stage: Stage
    let fingerprint: String
    /// The session that leads this process's work.
    let session: Session

    /// The stage's work that only one process does at a time.
    var turn: StageTurn { StageTurn(site: site, run: run, stage: stage.name, session: session) }

    /// A table of the schema that the run works on.
    func table(_ name: Identifier) -> QualifiedName { QualifiedName(schema: request.schema, name: name) }

    /// Throws when the stage was begun by a process that has another definition of it.
    func checkFingerprint(_ record: StageRecord) throws(Failure) {
        guard record.fingerprint == fingerprint else {
            throw Failure(.refused, "stage \(stage.name) was begun by a process with another definition of it")
        }
    }

    /// Lets all workers of this process do what chunks there are; returns how many source rows they moved.
    func work(_ job: ChunkJob) throws -> Int64 {
        let site = site
        let limit = request.rejectLimit
        let throttle = job.isVerification ? nil : Throttle(request.throttle, site: site)
        var patience = Patience(outage: site.deadlines.outage)
        while true {
            let meter = try makeMeter()
            WorkerThreads.run(request.limits.workers) { number in
                if let failure = ChunkWorker.failure(
                    number: number, site: site, job: job, meter: meter, rejectLimit: limit, throttle: throttle)
                {
                    meter.halt(failure)
                }
            }
            if let failure = meter.failure { throw failure }
            try site.throwIfStopping()
            guard let absence = meter.nobodyCame else {
                // Others may have rejected rows too, and some are rejected without a chunk being done.
                try limit?.check(run, site, on: session)
                return meter.rowsHere
            }
            try wait(after: absence, &patience)
        }
    }

    /// Nobody got a session; somebody may later.
    private func wait(after absence: PostgresError, _ patience: inout Patience) throws {
        let what = "opening sessions for stage \(stage.name)"
        guard absence.errorClass == .retry, patience.allows(absence) else {
            throw patience.failure(absence, while: what)
        }
        let delay = patience.delay()
        site.reporter.report(
            .retrying(stage: what, what: absence.description, attempt: patience.attempts, delay: delay))
        _ = site.interruption.wait(seconds: delay)
        try site.throwIfStopping()
    }

    private func makeMeter() throws -> ChunkMeter {
        try session.perform("reading the progress of \(stage.name)") { connection in
            try connection.transaction(site.looking) { try makeMeter($0) }
        }
    }

    private func makeMeter(_ transaction: borrowing Transaction) throws -> ChunkMeter {
        let records = try site.ledger.stages(of: run, transaction)
        return ChunkMeter(
            stage: stage.name, done: try site.ledger.totals(of: stage.name, in: run, transaction),
            total: records.first { $0.name == stage.name }?.total, workers: request.limits.workers,
            reporter: site.reporter)
    }

    /// Says that the stage is done, once no chunk is left.
    func finish(_ chunked: ChunkedStage) throws {
        _ = try turn.take { transaction, _ in
            guard try site.ledger.chunksLeft(of: chunked, transaction) == 0 else {
                throw Failure(.failed, "stage \(stage.name) has chunks that are not done")
            }
            try site.ledger.finishStage(stage.name, of: run, transaction)
        }
    }
}
