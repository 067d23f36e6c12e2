import CLibPQ
import Glibc

/// One session with PostgreSQL, used by whoever holds it and by nobody else at the same time.
///
/// Calls block their thread, within the deadlines. After an error that ends the session (`PostgresError.endsSession`)
/// only `close` makes sense; the server then ends what was under way.
public final class Connection {
    /// The backend behind a session: a pid alone may be another's by now.
    public struct Backend: Sendable, Equatable {
        /// The server process.
        public let pid: Int32
        /// When it began, in seconds since 1970 as PostgreSQL prints them.
        public let startedAt: String
    }

    let wire: Wire
    /// How long things may take on this session.
    public let deadlines: Deadlines
    let interruption: Interruption?
    /// Where the session was opened, to ask there for a sign of life.
    let target: ConnectionTarget
    /// Warnings of the server that nobody has taken yet.
    let notices = NoticeBox()

    /// The backend that served this session's first statement; behind a pooler another may serve the next.
    public private(set) var backend = Backend(pid: 0, startedAt: "")
    /// Whether a pooler stands between us and the server.
    public private(set) var isPooled = false
    /// Which settings this server knows that harden a session.
    private(set) var hardening = SQL(unsafe: "")
    /// Where names are sought while the transaction that is open commits, if not where it sought them: by triggers that are
    /// deferred until then.
    var schemasAtCommit: [Identifier] = []
    /// The server's version, as in `server_version_num`.
    public private(set) var serverVersion = 0

    /// Whether the server was a standby when it answered last, as it reports by itself; nothing is asked.
    public var wasStandby: Bool { wire.reported("in_hot_standby") == "on" }

    #if ETL_FAULTS
        /// Opens a session whose libpq calls go through the given seam.
        public convenience init(
            to target: ConnectionTarget, name: String, deadlines: Deadlines = Deadlines(),
            interruption: Interruption? = nil
        ) throws(PostgresError) {
            try self.init(to: target, name: name, deadlines: deadlines, interruption: interruption, seam: .process)
        }

        /// Opens a session whose libpq calls go through the given seam.
        public init(
            to target: ConnectionTarget, name: String, deadlines: Deadlines = Deadlines(),
            interruption: Interruption? = nil, seam: Seam
        ) throws(PostgresError) {
            wire = Wire(handle: try Connection.start(target, name: name, deadlines: deadlines), seam: seam)
            self.target = target
            self.deadlines = deadlines
            self.interruption = interruption
            try finishOpening()
        }
    #else
        /// Opens a session; `name` becomes its `application_name`.
        public init(
            to target: ConnectionTarget, name: String, deadlines: Deadlines = Deadlines(),
            interruption: Interruption? = nil
        ) throws(PostgresError) {
            wire = Wire(handle: try Connection.start(target, name: name, deadlines: deadlines))
            self.target = target
            self.deadlines = deadlines
            self.interruption = interruption
            try finishOpening()
        }
    #endif

    /// Warnings that the server sent since this was last asked for.
    public func takeWarnings() -> [ServerError] { notices.take() }

    private static func start(
        _ target: ConnectionTarget, name: String, deadlines: Deadlines
    ) throws(PostgresError) -> OpaquePointer {
        // Ours come first: where libpq is given a keyword twice, the last one counts.
        var keywords: [(name: String, value: String)] = [
            ("keepalives_idle", "20"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "40000"),
        ]
        keywords += target.keywords
        keywords += [("application_name", name), ("client_encoding", "UTF8")]
        let handle = withCStrings(keywords.map(\.name)) { names in
            withCStrings(keywords.map(\.value)) { values in PQconnectStartParams(names, values, 0) }
        }
        guard let handle else { throw .cannotConnect(reason: "libpq had no memory", sqlstate: nil) }
        return handle
    }

    private func finishOpening() throws(PostgresError) {
        guard wire.status != CONNECTION_BAD else {
            throw .cannotConnect(reason: wire.errorMessage, sqlstate: nil)
        }
        notices.receive(from: wire.handle)
        PQsetErrorVerbosity(wire.handle, PQERRORS_VERBOSE)
        defer { PQsetErrorVerbosity(wire.handle, PQERRORS_DEFAULT) }
        let deadline = Deadline(seconds: deadlines.connect, what: "the connection attempt")
        var next = PGRES_POLLING_WRITING
        while next != PGRES_POLLING_OK {
            guard next != PGRES_POLLING_FAILED else {
                throw cannotConnect()
            }
            try wait(for: Int16(next == PGRES_POLLING_READING ? POLLIN : POLLOUT), until: deadline)
            next = wire.connectPoll()
        }
        PQsetnonblocking(wire.handle, 1)
        try learnAboutServer()
    }

    /// A refused connection has no result with fields; only the verbose message tells its SQLSTATE.
    private func cannotConnect() -> PostgresError {
        let reason = wire.errorMessage
        // A severity may have five letters, too; a SQLSTATE has a digit.
        guard let found = reason.firstMatch(of: #/: +(?=[A-Z]*[0-9])([0-9A-Z]{5}): +/#) else {
            return .cannotConnect(reason: reason, sqlstate: nil)
        }
        let plain = reason.replacing(found.0, with: ": ").replacing(#/; LOCATION: .*/#, with: "")
        return .cannotConnect(reason: plain, sqlstate: String(found.1))
    }

    private func learnAboutServer() throws(PostgresError) {
        // In one message, which is one transaction: whatever search path the role or the database has is not ours.
        let facts = try execute(
            """
            set local search_path = pg_catalog, pg_temp;
            select pg_backend_pid(), current_setting('server_version_num')::int,
                   (select extract(epoch from backend_start)::text from pg_stat_get_activity(pg_backend_pid())),
                   current_setting('client_connection_check_interval', true) is not null,
                   current_setting('transaction_timeout', true) is not null
            """, within: deadlines.statement)
        guard let row = facts.first, let pid = row.int(0), let version = row.int(1) else {
            throw .unexpectedAnswer("no facts about the server")
        }
        backend = Backend(pid: Int32(truncatingIfNeeded: pid), startedAt: row.text(2) ?? "")
        serverVersion = Int(version)
        isPooled = wire.backendPID != backend.pid
        hardening = Connection.hardening(checksClient: row.bool(3), hasTransactionTimeout: row.bool(4))
        if isPooled { try requireTransactions() } else { try keepAlive() }
    }

    /// A pooler may give every statement another backend. One that is known to refuses to begin a transaction.
    private func requireTransactions() throws(PostgresError) {
        do throws(PostgresError) {
            _ = try execute("begin", within: deadlines.statement)
            let pid = try execute("select pg_backend_pid()", within: deadlines.statement).first?.int(0)
            let next = try execute("select pg_backend_pid()", within: deadlines.statement).first?.int(0)
            _ = try execute("rollback", within: deadlines.statement)
            guard pid == next else { throw .noTransactions(reason: "each statement has another backend") }
        } catch {
            if case .connectionLost(let reason, "08P01") = error, reason.contains("statement pooling") {
                throw .noTransactions(reason: reason)
            }
            throw error
        }
    }

    /// Lets the server notice within a minute that our machine is gone. Said for the session, because it must hold between
    /// transactions too; on a socket of the same machine it means nothing.
    private func keepAlive() throws(PostgresError) {
        _ = try execute(
            """
            select pg_catalog.set_config('tcp_keepalives_idle', '20', false),
                   pg_catalog.set_config('tcp_keepalives_interval', '5', false),
                   pg_catalog.set_config('tcp_keepalives_count', '3', false)
            """, within: deadlines.statement)
    }

    /// What makes a session safe whatever the role's or the database's settings are. It is said in every transaction,
    /// because behind a pooler the next transaction may find another backend. To compile a plan may take the server a second,
    /// and no plan of ours is used twice.
    private static func hardening(checksClient: Bool, hasTransactionTimeout: Bool) -> SQL {
        var settings = """
            set local row_security = off; set local client_min_messages = warning; \
            set local standard_conforming_strings = on; set local quote_all_identifiers = off; set local datestyle = iso; set local timezone = utc; \
            set local bytea_output = hex; set local extra_float_digits = 3; set local jit = off;
            """
        if Mutant.is(.forgetRowSecurity) { settings.replace("set local row_security = off;", with: "") }
        if checksClient { settings += " set local client_connection_check_interval = 1000;" }
        if hasTransactionTimeout { settings += " set local transaction_timeout = 0;" }
        return SQL(unsafe: settings)
    }
}

/// Lends an array of C strings that ends with a null pointer.
private func withCStrings<R>(_ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> R) -> R {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies.map { $0.map { UnsafePointer($0) } } + [nil])
}
