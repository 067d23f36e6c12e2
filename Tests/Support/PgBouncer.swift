import Foundation
import Glibc
import PostgresSandbox

/// A real PgBouncer in front of a test server; it ends with the last reference.
public final class PgBouncer: Sendable {
    /// Why there is none here; nil where there is.
    public static let absence: String? =
        program == nil ? "PgBouncer is not installed (Debian's package pgbouncer)" : nil

    private static let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    private let directory: String
    private let process: RunningProgram

    /// Starts one; `mode` is `session`, `transaction` or `statement`.
    public init(to server: TestServer, mode: String) throws {
        let sandbox = server.sandbox
        let made = "/tmp/etl-pgbouncer-\(UUID().uuidString.prefix(8))"
        mkdir(made, 0o700)
        let files = [
            "users": "\"\(sandbox.user)\" \"\"\n",
            "ini": """
            [databases]
            * = host=\(sandbox.socketDirectory) port=\(sandbox.port)
            [pgbouncer]
            listen_port = \(Self.port)
            unix_socket_dir = \(made)
            auth_type = trust
            auth_file = \(made)/users
            pool_mode = \(mode)
            logfile = \(made)/log
            """,
        ]
        for (name, text) in files {
            try text.write(toFile: "\(made)/\(name)", atomically: false, encoding: .utf8)
        }
        var arguments = ["\(made)/ini"]
        // It refuses root, and so does the server: both become the same other user.
        var facts = stat()
        if geteuid() == 0, stat(sandbox.socketDirectory, &facts) == 0, let user = getpwuid(facts.st_uid) {
            for name in ["", "users", "ini"] { chown("\(made)/\(name)", facts.st_uid, facts.st_gid) }
            arguments = ["-u", String(cString: user.pointee.pw_name)] + arguments
        }
        directory = made
        process = try RunningProgram(Self.program ?? "pgbouncer", arguments: arguments, directory: "/")
        let socket = "\(made)/.s.PGSQL.\(Self.port)"
        while process.isRunning, access(socket, F_OK) != 0 { poll(nil, 0, 5) }
    }

    deinit {
        process.kill(SIGKILL)
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A URL of a database through it.
    public func url(database: String) -> String {
        "postgresql:///\(database)?host=\(directory)&port=\(Self.port)&user=postgres"
    }

    /// What it has said, for the report of a failed test.
    public var log: String { (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? "" }

    // Part of the socket's name only.
    private static let port = 6432
}
