import Ledger
import Postgres

/// The sessions that a worker lost one after the other, without anything that it could finish in between.
final class Losses {
    /// So many may be chance: an operator, a server that is started again. More are the chunk's, which may be too large for
    /// the line, or hold what somebody ends every session for.
    private static let forgiven = 3

    private let outage: Double
    private var count = 0
    private var since: Double?

    /// `outage` is how long they are put up with, in seconds.
    init(outage: Double) {
        self.outage = outage
    }

    /// Whether the chunk at hand is to blame for the next one.
    var blameTheChunk: Bool { count >= Self.forgiven && !Mutant.is(.forgiveEveryLoss) }

    /// Takes note of how a session ended, once another is there; throws where nothing else has come of the work for too long.
    func note(_ end: PostgresError) throws {
        count += 1
        let began = since ?? MonotonicClock.now
        since = began
        guard count > Self.forgiven, MonotonicClock.now - began >= outage else { return }
        throw Failure(.unreachable, "\(count) sessions were lost one after the other, the last one so: \(end)")
    }

    /// A chunk was finished, or divided.
    func forget() {
        count = 0
        since = nil
    }
}
