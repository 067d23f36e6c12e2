import Postgres
import Synchronization

/// How much of the server's log of changes (WAL) a run may write before it waits for others.
public struct ThrottleLimits: Sendable, Equatable {
    /// How many bytes a standby or subscriber may be behind; nil for any number.
    public var lag: Int64?
    /// How many bytes the whole server may write a second; nil for any number.
    public var rate: Int64?

    /// Limits; none where nothing is said.
    public init(lag: Int64? = nil, rate: Int64? = nil) {
        self.lag = lag
        self.rate = rate
    }

    var isNone: Bool { lag == nil && rate == nil }
}

/// Holds the workers of a process back between chunks, so that those who follow the server keep up with it, and its log
/// grows no faster than is allowed.
final class Throttle: Sendable {
    private struct State {
        var window: LogWindow?
        var lastNotice: Double?
    }

    /// Why to wait, and for how long until it is looked at again.
    private struct Hold {
        let reason: String
        let seconds: Double
    }

    /// How long a follower that is behind is left alone.
    private static let lookAgain = 0.5
    /// Seconds between two notices.
    private static let silence = 60.0

    private let limits: ThrottleLimits
    private let site: Site
    private let state = Mutex(State())

    /// Nil where there is no limit.
    init?(_ limits: ThrottleLimits, site: Site) {
        if limits.isNone { return nil }
        self.limits = limits
        self.site = site
    }

    /// Waits as long as it must, or until nobody wants to go on.
    func wait(on session: Session, while isWanted: () -> Bool) throws {
        while isWanted(), let hold = try look(session) {
            tell(hold)
            _ = site.interruption.wait(seconds: hold.seconds)
        }
    }

    private func look(_ session: Session) throws -> Hold? {
        try session.perform("looking at the server's log and who follows it") { connection in
            try connection.transaction(site.looking) { transaction in
                try lagging(transaction) ?? tooFast(transaction)
            }
        }
    }

    /// Who streams from the server, be it to be a standby, to feed a subscriber or to keep the log. Whoever is not there
    /// would be waited for in vain.
    private func lagging(_ transaction: borrowing Transaction) throws -> Hold? {
        guard let limit = limits.lag else { return nil }
        let followers = try transaction.run(
            """
            select coalesce(nullif(application_name, ''), client_addr::text, 'pid ' || pid), state is null,
                   pg_wal_lsn_diff(pg_current_wal_insert_lsn(), coalesce(replay_lsn, flush_lsn))::bigint
              from pg_stat_replication where state is null or state in ('streaming', 'catchup')
             order by state is null desc, 3 desc nulls last limit 1
            """)
        guard let follower = followers.first else { return nil }
        let name = follower.text(0) ?? ""
        guard !follower.bool(1) else {
            throw Failure(
                .refused, "\(name) follows the server, but how far behind it is this role may not see",
                next: "grant pg_read_all_stats to the role, or go without --max-lag")
        }
        guard let behind = follower.int(2), behind > limit else { return nil }
        return Hold(
            reason: "\(name) is \(behind >> 10) KiB behind, and may be \(limit >> 10) (--max-lag)",
            seconds: Self.lookAgain)
    }

    private func tooFast(_ transaction: borrowing Transaction) throws -> Hold? {
        guard let rate = limits.rate else { return nil }
        let position = try StageCost.position(transaction)
        let now = MonotonicClock.now
        let seconds = state.withLock { state in
            var window = state.window ?? LogWindow(began: now, position: position)
            defer { state.window = window }
            return window.excess(at: position, now: now, rate: rate)
        }
        return seconds.map { seconds in
            Hold(
                reason: "the server wrote more WAL than \(rate >> 10) KiB a second (--max-wal-rate)",
                seconds: min(seconds, 1))
        }
    }

    /// Says it at first, and now and then.
    private func tell(_ hold: Hold) {
        let now = MonotonicClock.now
        let isNews = state.withLock { state in
            if let last = state.lastNotice, now - last < Self.silence { return false }
            state.lastNotice = now
            return true
        }
        if isNews { site.reporter.report(.notice("held back: \(hold.reason)")) }
    }
}

/// Since when the log is measured, and from where on.
struct LogWindow {
    var began: Double
    var position: Int64

    /// How many seconds the log is ahead of a rate. Where it is not, the window begins anew: what is not used of a second is not
    /// saved up for later ones.
    mutating func excess(at position: Int64, now: Double, rate: Int64) -> Double? {
        let bytes = Double(position - self.position) - Double(rate) * (now - began)
        if bytes > 0 { return bytes / Double(rate) }
        self = LogWindow(began: now, position: position)
        return nil
    }
}
