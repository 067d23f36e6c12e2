import Ledger
import Postgres

/// A session that is opened when it is needed and opened again when it was lost: work given to it is tried until it is
/// done, refused for good, or the patience allowed is used up.
///
/// Work must begin by looking at the ledger under a lock. Then being tried again after a commit whose outcome was not
/// heard is right: it waits for the old session, and finds its work done or not.
final class Session {
    private let site: Site
    private let name: String
    /// Told of every new session before it does any work, and of what ended the one before.
    private let introduce: (Connection, PostgresError?) throws -> Void
    private var connection: Connection?
    private var lastEnd: PostgresError?

    init(site: Site, name: String, introduce: @escaping (Connection, PostgresError?) throws -> Void = { _, _ in }) {
        self.site = site
        self.name = name
        self.introduce = introduce
    }

    /// Opens the session now, without patience: an address that never worked is not waited for. A server that answers that
    /// it is busy is one that works; where `waits` says so, it is left to the first work to wait for it.
    func open(waits: Bool = false) throws {
        do {
            _ = try current()
        } catch let error as PostgresError where waits && error.isBusyServer {
            return
        } catch let error as PostgresError {
            throw ConnectionAdvice.failure(error)
        }
    }

    /// Opens the session of one whom others can do without; gives why there is none.
    func absence() throws -> PostgresError? {
        do {
            _ = try current()
            return nil
        } catch PostgresError.commitUnknown {
            // There was a session; whether the ledger knows of it the next one will see.
            return nil
        } catch let error as PostgresError {
            return error
        }
    }

    /// Does work, again and again while what stops it may pass. `tables` are those whose locks it may have to wait for;
    /// `waits` says that it is in order to wait for them as long as for a lost server.
    func perform<R>(
        _ what: String, locking tables: [QualifiedName] = [], waits: Bool = false, _ work: (Connection) throws -> R
    ) throws -> R {
        var patience = Patience(outage: site.deadlines.outage, waitsForLocks: waits)
        while true {
            do {
                let connection = try current()
                defer { tellWarnings(of: connection) }
                return try Self.onPrimary(connection, work)
            } catch let error as PostgresError {
                if let signal = stopSignal(after: error) {
                    throw Failure(.stopped(signal: signal), "\(what) was stopped")
                }
                if error.endsSession {
                    // What keeps the next session from being opened says nothing about how the last one ended.
                    if connection != nil { lastEnd = error }
                    connection = nil
                }
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
        try Self.onPrimary(opened) { try introduce($0, lastEnd) }
        lastEnd = nil
        connection = opened
        return opened
    }

    /// Does work; where it is refused because the server is a standby by now, the primary is what is missing, and comes back
    /// like any lost server.
    private static func onPrimary<R>(_ connection: Connection, _ work: (Connection) throws -> R) throws -> R {
        do {
            return try work(connection)
        } catch let error as PostgresError where ["25006", "0A000"].contains(error.serverError?.sqlstate) {
            // What it reported with the error counts: by now it may be the primary. A pooler may not pass that on.
            guard try connection.wasStandby || isStandby(connection) else { throw error }
            throw PostgresError.cannotConnect(
                reason: "the server that answers is a standby, which cannot be written to", sqlstate: nil)
        }
    }

    private static func isStandby(_ connection: Connection) throws -> Bool {
        let settings = TransactionSettings(access: .read, statement: connection.deadlines.statement)
        return try connection.transaction(settings) { try $0.row("select pg_is_in_recovery()").bool(0) }
    }

    private func tellWarnings(of connection: Connection) {
        for warning in connection.takeWarnings() {
            site.reporter.report(.notice("the server warns: \(warning.message) (SQLSTATE \(warning.sqlstate))"))
        }
    }

    private func connect() throws(PostgresError) -> Connection {
        try Connection(to: site.target, name: name, deadlines: site.deadlines, interruption: site.interruption)
    }

    private func stopSignal(after error: PostgresError) -> Int32? {
        guard error == .interrupted || site.interruption.isCancelled else { return nil }
        return site.interruption.stopSignal ?? 2
    }

    /// Names who is in the way. That is a courtesy: when it fails, the lock timeout is still the error to tell.
    private func blockers(of tables: [QualifiedName]) -> [String] {
        guard let connection else { return [] }
        do {
            return try connection.transaction(site.looking) { transaction in
                if tables.isEmpty { return [] }
                return try Blockers.describe(tables, transaction) + [Blockers.queue(tables, transaction)]
            }
        } catch let error as PostgresError where error.endsSession {
            self.connection = nil
            lastEnd = error
            return []
        } catch {
            return []
        }
    }
}
