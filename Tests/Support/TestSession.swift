public import Postgres
import PostgresSandbox

/// A server for one test that does it harm; it ends with the last reference to it.
public final class FragileServer: Sendable {
    private let sandbox: Sandbox

    /// Starts it, with settings of `postgresql.conf`.
    public init(settings: [String: String] = [:]) throws {
        sandbox = try Sandbox.lend(settings: settings)
    }

    /// The directory of its socket, which belongs to the account that it runs as.
    public var directory: String { sandbox.socketDirectory }

    /// Runs SQL in the real psql, in the database that it comes with or another one.
    @discardableResult
    public func psql(_ sql: String, in database: String = "postgres") throws -> String {
        try sandbox.query(sql, in: database)
    }

    /// The keywords that lead libpq to its one database.
    public var connectionTarget: ConnectionTarget { sandbox.connectionTarget(database: "postgres") }
}

extension Sandbox {
    /// The keywords that lead libpq to one of its databases.
    fileprivate func connectionTarget(database: String) -> ConnectionTarget {
        ConnectionTarget(keywords: [
            ("host", socketDirectory), ("port", String(port)), ("user", user), ("dbname", database),
        ])
    }
}

extension TestDatabase {
    /// A session of our own with the database, as its superuser or as another role.
    public func connect(
        as role: String? = nil, deadlines: Deadlines = Deadlines(), interruption: Interruption? = nil
    ) throws -> Connection {
        try Connection(
            to: connectionTarget(as: role), name: "etl test", deadlines: deadlines, interruption: interruption)
    }

    /// The keywords that lead libpq to the database, as its superuser or as another role.
    public func connectionTarget(as role: String? = nil) throws -> ConnectionTarget {
        var target = server.sandbox.connectionTarget(database: name)
        if let role { target.keywords.append(("user", role)) }
        return target
    }
}

extension Connection {
    /// Runs statements in a transaction of their own and gives the first field of the last one's first row.
    @discardableResult
    public func value(_ sql: SQL) throws -> String? {
        try transaction { try $0.run(sql).first?.text(0) }
    }
}
