import Ledger
import Postgres
import Synchronization

/// Adds up what the workers of this process commit, tells the reporter, and halts all when one failed for good.
final class ChunkMeter: Sendable {
    private struct State {
        var progress: Progress
        var failure: Failure?
        var absent: [PostgresError] = []
    }

    private let state: Mutex<State>
    private let reporter: any Reporter
    private let began = MonotonicClock.now

    init(stage: String, done: Totals, total: Int64?, workers: Int, reporter: any Reporter) {
        self.reporter = reporter
        let progress = Progress(
            stage: stage, rows: done.read, total: total, rowsHere: 0, bytesHere: 0, rejects: done.rejected,
            workers: workers, seconds: 0)
        state = Mutex(State(progress: progress))
        reporter.report(.progress(progress))
    }

    /// Whether a worker failed for good.
    var isHalted: Bool { state.withLock { $0.failure != nil } }

    /// The first failure.
    var failure: Failure? { state.withLock { $0.failure } }

    /// Source rows committed by this process.
    var rowsHere: Int64 { state.withLock { $0.progress.rowsHere } }

    /// Takes what a commit did.
    func add(_ outcome: ChunkOutcome) {
        let progress = state.withLock { state in
            state.progress.rows += outcome.read
            state.progress.rowsHere += outcome.read
            state.progress.bytesHere += outcome.bytes
            state.progress.rejects += outcome.rejected
            state.progress.seconds = MonotonicClock.now - began
            return state.progress
        }
        reporter.report(.progress(progress))
    }

    /// Takes note of a worker that got no session.
    func noteAbsent(_ error: PostgresError) {
        let isLast = state.withLock { state in
            state.absent.append(error)
            return state.absent.count == state.progress.workers
        }
        if isLast { return }
        reporter.report(.notice("a worker has no session, the others go on: \(error)"))
    }

    /// Why there was nobody to work, where no worker got a session.
    var nobodyCame: PostgresError? {
        state.withLock { $0.absent.count == $0.progress.workers ? $0.absent.first : nil }
    }

    /// Takes a failure that ends the stage.
    func halt(_ failure: Failure) {
        state.withLock { if $0.failure == nil { $0.failure = failure } }
    }
}
