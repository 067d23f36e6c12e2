import Postgres

/// How long failures that may pass are put up with while one thing is tried.
struct Patience {
    private let outage: Double
    private let waitsForLocks: Bool
    private var since: Double?
    private var isOutcomeUnknown = false
    private var refusals = 0
    private var blockers: [String] = []
    private(set) var attempts = 0

    init(outage: Double, waitsForLocks: Bool = false) {
        self.outage = outage
        self.waitsForLocks = waitsForLocks
    }

    /// Takes note of a failure and says whether to try again: a lost server, and a commit whose outcome is not known, for
    /// as long as an outage may last; a refusal a few times.
    mutating func allows(_ error: PostgresError) -> Bool {
        attempts += 1
        if case .commitUnknown = error { isOutcomeUnknown = true }
        let isLock = waitsForLocks && error.serverError?.sqlstate == "55P03"
        guard error.endsSession || isOutcomeUnknown || isLock else {
            since = nil
            refusals += 1
            return refusals < Backoff.refusalLimit
        }
        let began = since ?? MonotonicClock.now
        since = began
        return MonotonicClock.now - began < outage
    }

    mutating func remember(blockers: [String]) { self.blockers = blockers }

    /// Seconds until the next try.
    func delay() -> Double { Backoff.delay(after: attempts) }

    func failure(_ error: PostgresError, while what: String) -> Failure {
        var failure = Failure(error, while: what)
        if isOutcomeUnknown {
            failure.kind = .unknownOutcome
            failure.what = "\(what): whether it was committed could not be found out in time: \(error)"
        }
        failure.details += blockers
        return failure
    }
}
