import Ledger
import Pipelines
import Postgres

/// A worker of a stream stage: a thread with a session of its own that takes chunk after chunk until none is left.
final class StreamWorker {
    private let site: Site
    private let stage: ChunkedStage
    private let tables: StreamTables
    private let session: Session
    private let introduction: Introduction
    private let meter: StreamMeter
    private let exhaustion: ExhaustedChunks
    private var reader: ChunkReader
    private let writer: ChunkWriter
    private var batch = Batch()
    /// The chunk that the last commit claimed for us.
    private var claimed: Claim?
    /// How often the chunk at hand, of one row, took too long.
    private var slow: (n: Int64, times: Int64) = (0, 0)
    /// The chunk whose rows must be written in halves, because the server refused one of them.
    private var careful: Int64?

    init(number: Int, site: Site, job: StreamJob, meter: StreamMeter) {
        self.site = site
        self.meter = meter
        stage = job.stage
        tables = job.tables
        let introduction = Introduction(site: site, run: job.stage.run, number: number)
        self.introduction = introduction
        session = Session(site: site, name: "etl:\(job.stage.run.value):\(number)") {
            try introduction.introduce($0, after: $1)
        }
        reader = ChunkReader(job.stream, query: ChunkQuery(tables: job.tables, limits: job.limits))
        writer = ChunkWriter(tables: job.tables, columns: reader.targetColumns, mode: job.mode)
        exhaustion = ExhaustedChunks(ledger: site.ledger, stage: job.stage, tables: job.tables)
    }

    /// Makes a worker and lets it work; gives what it failed of, if it did.
    static func failure(number: Int, site: Site, job: StreamJob, meter: StreamMeter) -> Failure? {
        let worker = StreamWorker(number: number, site: site, job: job, meter: meter)
        do {
            do {
                try worker.session.open()
            } catch let failure as Failure {
                // Others may have sessions, and one fewer is no reason to stop them.
                meter.noteAbsent(failure)
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
        while !site.interruption.isStopping, !meter.isHalted {
            if let claim = claimed {
                try work(on: claim)
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

    private func claimNext() throws -> ClaimResult {
        try session.perform("claiming a chunk of stage \(stage.name)") { connection in
            try connection.transaction(site.moving) { transaction in
                let result = try site.ledger.claim(stage, by: try introduction.current(), transaction)
                if case .exhausted(let n, let range) = result {
                    try exhaustion.settle(n, range, transaction)
                }
                return result
            }
        }
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
                "chunk \(claim.n) of stage \(stage.name)", locking: [tables.source], waits: true
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
            next = try connection.transaction(site.moving) { try work(on: claim, $0) }
        } catch PostgresError.refused(let error) where error.isTimeout && !site.interruption.isCancelled {
            // Somebody may have cancelled it; only what took its time is slow.
            let isSlow = site.deadlines.statement > 0 && MonotonicClock.now - began >= site.deadlines.statement * 0.9
            if isSlow, try settleSlow(claim, on: connection) { return nil }
            throw PostgresError.refused(error)
        } catch let unreadable as Unreadable {
            try connection.transaction(site.moving) { transaction in
                guard try site.ledger.lockChunk(claim, of: stage, by: try introduction.current(), transaction) else {
                    return
                }
                try exhaustion.settleUnreadable(claim, because: unreadable.error, transaction)
            }
            return nil
        }
        guard let next else { return nil }
        meter.add(batch.outcome)
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

    /// The chunk's one transaction: lock, read and transform, write, record, claim the next. COMMIT follows alone.
    private func work(on claim: Claim, _ transaction: borrowing Transaction) throws -> ClaimResult? {
        let worker = try introduction.current()
        guard try site.ledger.lockChunk(claim, of: stage, by: worker, transaction) else {
            // Another took it; or our own commit, whose answer was not heard, had done it.
            if try introduction.didFinish(claim, of: stage, transaction) { meter.add(batch.outcome) }
            return nil
        }
        try transaction.working(in: [site.ledger.schema], lock: site.deadlines.lock) {
            try tables.lockAgainstChange(transaction)
        }
        do {
            try reader.read(claim.range, into: &batch, transaction)
        } catch let error as PostgresError where error.errorClass == .row {
            throw Unreadable(error: error)
        }
        let isCareful = careful == claim.n
        let found =
            isCareful
            ? try writer.writeCarefully(&batch, transaction) : try writer.write(&batch, transaction)
        var outcome = batch.outcome
        outcome.adopted = found.adopted
        outcome.kept = found.kept
        outcome.targetRows -= found.unwritten
        try site.ledger.addRejects(batch.rejects, in: claim, of: stage, transaction)
        try site.ledger.finishChunk(claim, of: stage, with: outcome, endingAt: batch.end, transaction)
        try site.noteStopRequest(of: stage.run, transaction)
        if site.interruption.isStopping || meter.isHalted { return .othersAtWork }
        return try site.ledger.claim(stage, by: worker, transaction)
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

/// The server cannot give a row of a chunk as it is.
private struct Unreadable: Error {
    let error: PostgresError
}

extension ServerError {
    /// Cancelled, by a timeout or by somebody.
    fileprivate var isTimeout: Bool { sqlstate == "57014" }
}
