import Postgres

/// A session that is opened when it is needed and opened again when it was lost: work given to it is tried until it is
/// done, refused for good, or the patience allowed is used up.
///
/// Work must begin by looking, under the lock, at what is applied. Then being tried again after a commit whose outcome was
/// not heard is right.
final class RevisionSession {
    /// The `application_name` of every session that works on revisions.
    static let name = "etl:revisions"

    private let site: RevisionSite
    private var connection: Connection?
    private var isOutcomeUnknown = false
    /// The statement of a revision that is run, for whoever is in its way or must allow it.
    var statement: SQLStatement?
    /// The file that it is from.
    var scriptName = ""

    init(site: RevisionSite) {
        self.site = site
    }

    /// Does work, again and again while what stops it may pass.
    func perform<R>(_ what: String, _ work: (Connection) throws -> R) throws -> R {
        var attempts = 0
        var outageBegan: Double?
        while true {
            statement = nil
            do {
                let connection = try current()
                defer { tellWarnings(of: connection) }
                let value = try work(connection)
                isOutcomeUnknown = false
                return value
            } catch let error as PostgresError {
                try throwIfStopping(what, after: error)
                // An address that never worked is not waited for; a server that starts, or has no session left, is one.
                guard hasWorked || error.isBusyServer else { throw site.advise(error) }
                attempts += 1
                let mayPass: Bool
                if error.endsSession {
                    connection = nil
                    if case .commitUnknown = error { isOutcomeUnknown = true }
                    let began = outageBegan ?? MonotonicClock.now
                    outageBegan = began
                    mayPass = MonotonicClock.now - began < site.deadlines.outage
                } else {
                    outageBegan = nil
                    mayPass = attempts < Backoff.refusalLimit
                }
                let blockers = error.serverError?.sqlstate == "55P03" ? blockers() : []
                guard error.errorClass == .retry, mayPass else { throw failure(error, what, blockers) }
                try pause(attempts, ([error.description] + blockers).joined(separator: "; "), what)
            }
        }
    }

    private var hasWorked = false

    /// The session, opened where there is none.
    func current() throws(PostgresError) -> Connection {
        if let connection { return connection }
        let opened = try Connection(
            to: site.target, name: Self.name, deadlines: site.deadlines, interruption: site.interruption)
        connection = opened
        hasWorked = true
        return opened
    }

    /// Gives a lost session up.
    func forget() { connection = nil }

    /// Throws where a stop was asked for.
    func throwIfStopping(_ what: String, after error: PostgresError? = nil) throws(RevisionFailure) {
        let isCancelled = error == .interrupted || site.interruption.isCancelled
        guard isCancelled || (error == nil && site.interruption.isStopping) else { return }
        throw RevisionFailure(.stopped(signal: site.interruption.stopSignal ?? 2), "\(what) was stopped")
    }

    private func pause(_ attempts: Int, _ why: String, _ what: String) throws(RevisionFailure) {
        let delay = Backoff.delay(after: attempts)
        site.report(.retrying(what: "\(what): \(why)", attempt: attempts, delay: delay))
        if site.interruption.wait(seconds: delay) {
            throw RevisionFailure(.stopped(signal: site.interruption.stopSignal ?? 2), "\(what) was stopped")
        }
    }

    private func failure(_ error: PostgresError, _ what: String, _ blockers: [String]) -> RevisionFailure {
        let place = statement.map { "\(what): \(scriptName):\($0.line)" } ?? what
        var failure = RevisionFailure(error, while: place)
        failure.details += blockers
        if isOutcomeUnknown {
            failure.kind = .unknownOutcome
            failure.what = "\(place): whether it was committed could not be found out in time: \(error)"
        }
        if error.serverError?.sqlstate == "42501", let connection {
            failure.next = PrivilegeAdvice(site: site, statement: statement).next(error, connection)
        }
        return failure
    }

    private func blockers() -> [String] {
        guard let connection, let statement else { return [] }
        // A courtesy: when it fails, the lock timeout is still the error to tell.
        let found = try? connection.transaction(site.looking) { transaction in
            let tables = try MentionedTables(statement).found(in: site.schema, transaction)
            return try Blockers.describe(tables, transaction) + [Blockers.queue(tables, transaction)]
        }
        return found ?? []
    }

    private func tellWarnings(of connection: Connection) {
        for warning in connection.takeWarnings() {
            site.report(.notice("the server warns: \(warning.message) (SQLSTATE \(warning.sqlstate))"))
        }
    }
}
