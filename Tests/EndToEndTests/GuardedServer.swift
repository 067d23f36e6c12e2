import Foundation
import Support

/// A server that asks everybody but its superuser for a password, which holds whatever is awkward in URLs and files.
final class GuardedServer: Sendable {
    static let role = "keeper"
    static let password = MemoirDatabase.canary + "@:/#?%& é"

    /// The home directory of whoever runs the program.
    let home: Scratch
    private let server: FragileServer

    private init(_ server: FragileServer, _ home: Scratch) {
        (self.server, self.home) = (server, home)
    }

    /// Starts it, with a database of the role that has the role's name.
    static func start() async throws -> GuardedServer {
        let home = try Scratch()
        let rules = "\(home.path)/pg_hba.conf"
        try "local all postgres trust\nlocal all all scram-sha-256\n"
            .write(toFile: rules, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: rules)
        let guarded = try await blocking {
            let settings = [
                "hba_file": rules, "logging_collector": "on", "log_directory": "log", "log_filename": "server.log",
                "log_statement": "all", "max_prepared_transactions": "2",
            ]
            return GuardedServer(try FragileServer(settings: settings), home)
        }
        try await guarded.psql("create role \(role) login; create database \(role) owner \(role)", in: "postgres")
        try await guarded.setPassword(password)
        return guarded
    }

    /// Gives the role another password; what the fixture says itself is kept out of the log.
    func setPassword(_ password: String) async throws {
        try await psql("set log_statement = none; alter role \(Self.role) password '\(password)'")
    }

    /// Runs SQL as the superuser.
    @discardableResult
    func psql(_ sql: String, in database: String = role) async throws -> String {
        try await blocking { [server] in try server.psql(sql, in: database) }
    }

    /// All that the server has written to its log.
    var log: String {
        get throws { try String(contentsOfFile: "\(server.directory)/data/log/server.log", encoding: .utf8) }
    }

    /// Where the database is, for a URL.
    var place: String { "/\(Self.role)?host=\(server.directory)" }

    /// The database as a section of a service file.
    var service: String {
        "[guarded]\nhost=\(server.directory)\ndbname=\(Self.role)\nuser=\(Self.role)\npassword=\(Self.password)\n"
    }

    /// Writes a file to the home directory, for its owner alone unless it is said otherwise.
    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let path = "\(home.path)/\(name)"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    /// Starts the program with these variables and the home directory; nothing else leads it anywhere.
    func start(_ arguments: [String], _ variables: [String: String]) throws -> RunningProgram {
        let environment = plainEnvironment.merging(["HOME": home.path]) { $1 }.merging(variables) { $1 }
        return try RunningProgram(
            etlBinary, arguments: arguments, environment: environment, directory: packageDirectory)
    }
}
