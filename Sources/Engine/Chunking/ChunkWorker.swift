import Ledger
import Pipelines
import Postgres

/// A worker of a stage that is done in chunks: a thread with a session of its own that takes chunk after chunk until none is left.
final class ChunkWorker {
    private let site: Site
    private let job: ChunkJob
    private let session: Session
    private let introduction: Introduction
    private let losses: Losses
    private let meter: ChunkMeter
    private let exhaustion: ExhaustedChunks
    private let task: ChunkTask
    /// When rejects stop the work.
    private let rejectLimit: RejectLimit?
    /// What holds it back.
    private let throttle: Throttle?
    /// What came of the last chunk that was worked on, whether or not its commit was heard.
    private var last = ChunkOutcome()
    /// The chunk that the last commit claimed for us.
    private var claimed: Claim?
    /// How often the chunk at hand, of one row, took too long.
    private var slow: (n: Int64, times: Int64) = (0, 0)
    /// How many rows are taken at a time.
    private var pace = BatchPace()
    /// The chunk whose rows must be written in halves, because the server refused one of them.
    private var careful: Int64?

    private var stage: ChunkedStage { job.stage }

    init(
        number: Int, site: Site, job: ChunkJob, meter: ChunkMeter, rejectLimit: RejectLimit?, throttle: Throttle?
    ) {
        self.site = site
        self.job = job
        self.meter = meter
        self.throttle = throttle
        self.rejectLimit = job.isVerification ? nil : rejectLimit
        let introduction = Introduction(site: site, run: job.stage.run, number: number)
        self.introduction = introduction
        let losses = Losses(outage: site.deadlines.outage)
        self.losses = losses
        session = Session(site: site, name: "etl:\(job.stage.run.value):\(number)") { connection, end in
            try introduction.introduce(connection, after: end, blaming: losses.blameTheChunk)
            if let end { try losses.note(end) }
        }
        task = job.task(ledger: site.ledger)
        exhaustion = ExhaustedChunks(
            ledger: site.ledger, stage: job.stage, source: job.source, isVerification: job.isVerification)
    }

    /// Makes a worker and lets it work; gives what it failed of, if it did.
    static func failure(
        number: Int, site: Site, job: ChunkJob, meter: ChunkMeter, rejectLimit: RejectLimit?, throttle: Throttle?
    ) -> Failure? {
        let worker = ChunkWorker(
            number: number, site: site, job: job, meter: meter, rejectLimit: rejectLimit, throttle: throttle)
        do {
            if let absence = try worker.session.absence() {
                // Others may have sessions, and one fewer is no reason to stop them.
                meter.noteAbsent(absence)
                return nil
            }
            try worker.work()
            return nil
        } catch let failure as Failure {
            return failure
        } catch let error as PostgresError {
            return Failure(error, while: "worker \(number)")
        } catch {
            return Failure(.failed, "worker \(number): \(error)")
        }
    }

    /// Works until no chunk is left, a stop is asked for, or another worker failed for good.
    func work() throws {
        defer { farewell() }
        while isWanted {
            if let claim = claimed {
                try throttle?.wait(on: session) { isWanted }
                if isWanted { try work(on: claim) }
                continue
            }
            switch try claimNext() {
            case .claimed(let claim): claimed = claim
            case .noneLeft: return
            case .exhausted: continue
            case .othersAtWork: try waitForOthers()
            }
        }
    }

    private var isWanted: Bool { !site.interruption.isStopping && !meter.isHalted }

    private func claimNext() throws -> ClaimResult {
        let result = try session.perform("claiming a chunk of stage \(stage.name)") { connection in
            try connection.transaction(site.moving) { transaction in
                let result = try site.ledger.claim(stage, by: try introduction.current(), transaction)
                if case .exhausted(let n, let range) = result {
                    try exhaustion.settle(n, range, transaction)
                }
                return result
            }
        }
        if case .exhausted = result { losses.forget() }
        return result
    }

    /// What is left is in other hands; it comes back when their sessions end, which is seen to.
    private func waitForOthers() throws {
        _ = site.interruption.wait(seconds: 0.1)
        guard site.deadlines.idle > 0 else { return }
        let ended = try session.perform("looking for sessions that are stuck") { connection in
            try connection.transaction(site.moving) {
                try site.noteStopRequest(of: stage.run, $0)
                return try site.ledger.endSilentSessions(of: stage.run, after: site.deadlines.idle, $0)
            }
        }
        if ended > 0 { site.reporter.report(.notice("\(ended) sessions ended whose process does not move any more")) }
    }

    private func work(on claim: Claim) throws {
        do {
            claimed = try session.perform(
                "chunk \(claim.n) of stage \(stage.name)", locking: [job.source.name], waits: true
            ) { connection in
                try commit(claim, on: connection)
            }
            careful = nil
        } catch let error as PostgresError where error.errorClass == .row && careful != claim.n {
            careful = claim.n
        } catch let error as PostgresError {
            throw Failure(error, while: "chunk \(claim.n) of stage \(stage.name)")
        }
    }

    /// Does a chunk, and gives the one that the same commit claimed next.
    private func commit(_ claim: Claim, on connection: Connection) throws -> Claim? {
        let next: ClaimResult?
        let began = MonotonicClock.now
        do {
            next = try connection.transaction(job.settings(site)) { try work(on: claim, $0) }
        } catch PostgresError.refused(let error) where error.isTimeout && !site.interruption.isCancelled {
            // Somebody may have cancelled it; only what took its time is slow.
            let isSlow = site.deadlines.statement > 0 && MonotonicClock.now - began >= site.deadlines.statement * 0.9
            if isSlow, try settleSlow(claim, on: connection) { return nil }
            throw PostgresError.refused(error)
        } catch let fault as Unworkable {
            try connection.transaction(site.moving) { transaction in
                guard try site.ledger.lockChunk(claim, of: stage, by: try introduction.current(), transaction) else {
                    return
                }
                try exhaustion.settleUnworkable(claim, because: fault, transaction)
            }
            return nil
        }
        guard let next else { return nil }
        meter.add(last)
        losses.forget()
        pace.note(last.read, in: MonotonicClock.now - began)
        if last.rejected > 0, let rejectLimit {
            try connection.transaction(site.looking) { try rejectLimit.check(stage.run, site, $0) }
        }
        if case .claimed(let claim) = next { return claim }
        return nil
    }

    /// Halves a chunk that took too long, or rejects its only row when that took too long again and again; false when
    /// that row gets another chance.
    private func settleSlow(_ claim: Claim, on connection: Connection) throws -> Bool {
        slow = slow.n == claim.n ? (claim.n, slow.times + 1) : (claim.n, 1)
        return try connection.transaction(site.moving) { transaction in
            guard try site.ledger.lockChunk(claim, of: stage, by: try introduction.current(), transaction) else {
                return true
            }
            return try exhaustion.settleSlow(claim, isLastChance: slow.times >= Ledger.attempts, transaction)
        }
    }

    /// The chunk's one transaction: lock, do the work, record, claim the next. COMMIT follows alone.
    private func work(on claim: Claim, _ transaction: borrowing Transaction) throws -> ClaimResult? {
        let worker = try introduction.current()
        // Before anything that takes a snapshot.
        try transaction.working(in: [site.ledger.schema], lock: site.deadlines.lock) {
            try job.lockTables(transaction)
        }
        guard try site.ledger.lockChunk(claim, of: stage, by: worker, transaction) else {
            // Another took it; or our own commit, whose answer was not heard, had done it.
            if try introduction.didFinish(claim, of: stage, transaction) { meter.add(last) }
            return nil
        }
        try job.checkTables(transaction)
        let part = try firstPart(of: claim.range, transaction)
        let result = try task.perform(
            part.map { claim.through($0) } ?? claim, carefully: careful == claim.n, transaction)
        last = result.outcome
        try site.ledger.addRejects(result.rejects, in: claim, of: stage, transaction)
        try site.ledger.addFound(result.found, of: stage, transaction)
        try site.ledger.finishChunk(claim, of: stage, with: result.outcome, endingAt: result.end ?? part, transaction)
        try site.noteStopRequest(of: stage.run, transaction)
        // A transaction that sees one moment only would take a chunk that another has claimed since.
        if job.isVerification || !isWanted { return .othersAtWork }
        return try site.ledger.claim(stage, by: worker, transaction)
    }

    /// Where to end in a chunk that would take too long as a whole: the rest becomes a chunk of its own.
    private func firstPart(of range: KeyRange, _ transaction: borrowing Transaction) throws(PostgresError) -> Key? {
        guard let rows = pace.rows, !job.isVerification else { return nil }
        let found = try transaction.run(
            """
            select \(job.source.printedColumns(of: "source")) from \(job.source.name) source
             where \(ChunkQuery.condition(range, key: job.source.key, alias: "source"))
             order by \(SQL.list(job.source.columns, of: "source")) offset \(.int(rows - 1)) limit 2
            """)
        guard found.count == 2, let row = found.first else { return nil }
        return Key(row, columns: job.source.key.count)
    }

    /// Gives back what was claimed and not begun, and signs off.
    private func farewell() {
        session.attempt { connection in
            try connection.transaction(site.moving) { transaction in
                let worker = try introduction.current()
                try site.ledger.releaseClaims(of: worker, transaction)
                try site.ledger.endWorker(worker, transaction)
            }
        }
        session.close()
    }
}

extension ServerError {
    /// Cancelled, by a timeout or by somebody.
    fileprivate var isTimeout: Bool { sqlstate == "57014" }
}
