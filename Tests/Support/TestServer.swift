import Foundation
public import PostgresSandbox

/// A server for tests. Most share the one of their process, which ends with it.
public final class TestServer: Sendable {
    /// The server as a sandbox, for its socket, user and psql.
    public let sandbox: Sandbox

    /// The server's own psql.
    public var psqlPath: String { sandbox.psql }

    private let number = Counter()
    // Dropping a database takes longer than some tests, and nothing waits for it.
    private let cleaner = DispatchQueue(label: "drop databases")

    /// The one of this process, started when the first test asks for it.
    public static var shared: TestServer {
        get throws { try started.get() }
    }

    /// The shared server's major version; 0 where none could be started, which every test of it says.
    public static let major =
        (try? shared.sandbox.query("show server_version_num")).flatMap { Int($0) }.map { $0 / 10000 } ?? 0

    private static let started = Result {
        TestServer(
            try Sandbox.lend(settings: [
                "max_connections": "400", "max_prepared_transactions": "10",
                // A commit that asks to be synchronous waits for ever; on this server only those do that say so.
                "synchronous_standby_names": "nobody",
            ]))
    }

    /// A server of a test's own.
    public init(_ sandbox: Sandbox) {
        self.sandbox = sandbox
    }

    /// A fresh, empty database with a name of its own. Without an encoding it is UTF8.
    public func database(encoding: String? = nil) throws -> TestDatabase {
        let name = "test_\(number.next())"
        // Other encodings exist in template0 only, and without a locale that fixes one.
        let options = encoding.map { " encoding '\($0)' locale 'C'" } ?? ""
        _ = try sandbox.query("create database \(name) template template0\(options)")
        return TestDatabase(name: name, server: self)
    }

    func drop(_ name: String) {
        cleaner.async { [self] in
            // A database that stays is gone with the server.
            _ = try? sandbox.query("drop database if exists \(name) with (force)")
        }
    }
}

/// A database for one test; dropped when the last reference to it is gone.
public final class TestDatabase: Sendable {
    /// Its name.
    public let name: String
    /// Where it is.
    public let server: TestServer

    init(name: String, server: TestServer) {
        self.name = name
        self.server = server
    }

    deinit {
        server.drop(name)
    }

    /// Its URL: `postgresql:///name?host=…&port=…&user=…`.
    public var url: String { server.sandbox.url(database: name) }

    /// Runs SQL in the real psql, which shares nothing with our own session, and returns what it prints:
    /// a line a row, columns separated by `|`, without the last newline.
    ///
    /// Several statements run one by one, each in its own transaction.
    @discardableResult
    public func psql(_ sql: String) throws -> String {
        try server.sandbox.query(sql, in: name)
    }
}
