import Ledger
import Postgres

/// A session that is opened when it is needed and opened again when it was lost: work given to it is tried until it is
/// done, refused for good, or the patience allowed is used up.
///
/// Work must begin by looking at the ledger under a lock. Then being tried again after a commit whose outcome was not
/// heard is right: it waits for the old session, and finds its work done or not.
final class Session {
    /// How often a failure that may pass is tried again on a living session.
    static let refusalLimit = 8

    private let site: Site
    private let name: String
    /// Told of every new session, before it does any work.
    private let introduce: (Connection) throws -> Void
    private var connection: Connection?

    init(site: Site, name: String, introduce: @escaping (Connection) throws -> Void = { _ in }) {
        self.site = site
        self.name = name
        self.introduce = introduce
    }

    /// Opens the session now, without patience: an address that never worked is not waited for.
    func open() throws(Failure) {
        do throws(PostgresError) {
            connection = try connect()
        } catch {
            throw Failure(error, while: "opening a session")
        }
    }

    /// Does work, again and again while what stops it may pass. `tables` are those whose locks it may have to wait for.
    func perform<R>(_ what: String, locking tables: [QualifiedName] = [], _ work: (Connection) throws -> R) throws -> R
    {
        var patience = Patience(outage: site.deadlines.outage)
        while true {
            do {
                let result = try work(try current())
                return result
            } catch let error as PostgresError {
                if let signal = stopSignal(after: error) {
                    throw Failure(.stopped(signal: signal), "\(what) was stopped")
                }
                if error.endsSession { connection = nil }
                // A row at fault is the caller's matter.
                if error.errorClass == .row { throw error }
                guard error.errorClass == .retry, patience.allows(error) else {
                    throw patience.failure(error, while: what)
                }
                let blockers = error.serverError?.sqlstate == "55P03" ? blockers(of: tables) : []
                patience.remember(blockers: blockers)
                let delay = patience.delay()
                site.reporter.report(
                    .retrying(
                        stage: what, what: ([error.description] + blockers).joined(separator: "; "),
                        attempt: patience.attempts, delay: delay))
                if site.interruption.wait(seconds: delay) {
                    throw Failure(.stopped(signal: site.interruption.stopSignal ?? 2), "\(what) was stopped")
                }
            }
        }
    }

    /// Does a last thing if the session lives, whatever comes of it.
    func attempt(_ work: (Connection) throws -> Void) {
        guard let connection else { return }
        // What is said here for tidiness' sake the next run would find out by itself.
        try? work(connection)
    }

    /// Gives the session up: the server rolls back what was under way.
    func close() { connection = nil }

    private func current() throws -> Connection {
        if let connection { return connection }
        let opened = try connect()
        try introduce(opened)
        connection = opened
        return opened
    }

    private func connect() throws(PostgresError) -> Connection {
        try Connection(to: site.target, name: name, deadlines: site.deadlines, interruption: site.interruption)
    }

    private func stopSignal(after error: PostgresError) -> Int32? {
        guard error == .interrupted || site.interruption.isCancelled else { return nil }
        return site.interruption.stopSignal ?? 2
    }

    private func blockers(of tables: [QualifiedName]) -> [String] {
        guard let connection else { return [] }
        // Naming them is a courtesy; when it fails, the lock timeout is still the error to tell.
        return (try? connection.transaction(site.looking) { try Blockers.describe(tables, $0) }) ?? []
    }
}

/// How long a failure that may pass is put up with.
struct Patience {
    private let outage: Double
    private var lostSince: Double?
    private var isOutcomeUnknown = false
    private var refusals = 0
    private var blockers: [String] = []
    private(set) var attempts = 0

    init(outage: Double) {
        self.outage = outage
    }

    /// Takes note of a failure and says whether to try again.
    mutating func allows(_ error: PostgresError) -> Bool {
        attempts += 1
        if case .commitUnknown = error { isOutcomeUnknown = true }
        guard error.endsSession else {
            lostSince = nil
            refusals += 1
            return refusals < Session.refusalLimit
        }
        let since = lostSince ?? MonotonicClock.now
        lostSince = since
        return MonotonicClock.now - since < outage
    }

    mutating func remember(blockers: [String]) { self.blockers = blockers }

    /// Seconds until the next try: longer each time, and never the same for two who wait.
    func delay() -> Double {
        min(5, 0.05 * Double(1 << min(attempts, 8))) * Double.random(in: 0.5...1)
    }

    func failure(_ error: PostgresError, while what: String) -> Failure {
        var failure = Failure(error, while: what)
        if isOutcomeUnknown, error.endsSession { failure.kind = .unknownOutcome }
        failure.details += blockers
        return failure
    }
}
