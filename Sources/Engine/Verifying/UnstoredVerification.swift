import Ledger
import Pipelines
import Postgres
import Synchronization

/// A verification by a role that may only read: the same work, and the verdict is only said.
struct UnstoredVerification {
    let site: Site
    let request: RunRequest
    let run: RunID
    let stage: Stage
    let verification: Verification
    let session: Session

    /// Compares everything, and gives the counts.
    func perform(_ differences: DifferenceList) throws -> Verdict {
        let jobs = try session.perform("stage \(stage.name)") { connection in
            try connection.transaction(site.looking) { try self.jobs(differences, $0) }
        }
        let tally = Tally()
        for (job, ranges) in jobs {
            let queue = Mutex(ranges[...])
            let site = site
            WorkerThreads.run(request.limits.workers) { _ in
                Self.work(site, job, tally) { queue.withLock { $0.popFirst() } }
            }
            if let failure = tally.failure { throw failure }
            try site.throwIfStopping()
        }
        return tally.verdict
    }

    private func jobs(
        _ differences: DifferenceList, _ transaction: borrowing Transaction
    ) throws -> [(ChunkJob, [(n: Int64, range: KeyRange)])] {
        let proofs = Proofs(
            verification, of: request.pipeline.name, schema: request.schema, ledger: site.ledger,
            limits: request.limits)
        let found = try proofs.jobs(stage: stage.name, of: run, differences, transaction)
        for reason in found.unprovable { site.reporter.report(.notice(reason)) }
        var jobs: [(ChunkJob, [(n: Int64, range: KeyRange)])] = []
        for job in found.jobs { jobs.append((job, try ranges(of: job, transaction))) }
        return jobs
    }

    private func ranges(
        of job: ChunkJob, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(n: Int64, range: KeyRange)] {
        guard case .verify(let work) = job.work else { return [] }
        return try site.ledger.doneRanges(of: work.origin, transaction)
    }

    private static func work(
        _ site: Site, _ job: ChunkJob, _ tally: Tally, next: () -> (n: Int64, range: KeyRange)?
    ) {
        let session = Session(site: site, name: "etl:verify")
        let task = job.task(ledger: site.ledger)
        while !site.interruption.isStopping, tally.failure == nil, let chunk = next() {
            do {
                try verify(chunk.range, of: chunk.n, job, task, session, site, tally)
            } catch let failure as Failure {
                tally.halt(failure)
            } catch {
                tally.halt(Failure(.failed, "verifying: \(error)"))
            }
        }
    }

    private static func verify(
        _ range: KeyRange, of n: Int64, _ job: ChunkJob, _ task: ChunkTask, _ session: Session, _ site: Site,
        _ tally: Tally
    ) throws {
        var rest: KeyRange? = range
        while let range = rest {
            let claim = Claim(n: n, range: range, attempt: 1, origin: n)
            var settings = job.settings(site)
            settings.access = .read
            let result = try session.perform("verifying chunk \(n)") { connection in
                try connection.transaction(settings) { transaction in
                    try job.lockTables(transaction)
                    try job.checkTables(transaction)
                    return try task.perform(claim, carefully: false, transaction)
                }
            }
            tally.add(result.outcome)
            rest = result.end.map { KeyRange(above: $0, through: range.upper) }
        }
    }
}

/// What the threads of a verification counted together.
private final class Tally: Sendable {
    private struct State {
        var verdict = Verdict()
        var failure: Failure?
    }

    private let state = Mutex(State())

    var verdict: Verdict { state.withLock { $0.verdict } }
    var failure: Failure? { state.withLock { $0.failure } }

    func add(_ outcome: ChunkOutcome) {
        state.withLock { $0.verdict.add(outcome) }
    }

    func halt(_ failure: Failure) {
        state.withLock { if $0.failure == nil { $0.failure = failure } }
    }
}
