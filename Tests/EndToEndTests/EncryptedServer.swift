import Foundation
import Support

/// A server that listens at an address which counts as another machine's, and what it can be made to say of itself.
final class EncryptedServer: Sendable {
    let authority: Authority
    private let server: FragileServer
    private let scratch: Scratch
    private let port: Int

    private init(_ server: FragileServer, port: Int, _ scratch: Scratch) throws {
        (self.server, self.port, self.scratch) = (server, port, scratch)
        authority = try Authority(in: scratch.path)
        try authority.sign("right", host: "db.test")
        try authority.sign("expired", host: "db.test", isExpired: true)
        try authority.makeItself("lonely", host: "db.test")
    }

    /// Starts it, without TLS.
    static func start() async throws -> EncryptedServer {
        try await blocking {
            let port = try Listener.freePort()
            let server = try FragileServer(settings: ["listen_addresses": Listener.address, "port": "\(port)"])
            return try EncryptedServer(server, port: port, Scratch())
        }
    }

    /// Gives it a certificate, which it shows from now on.
    func show(_ certificate: String) async throws {
        try await blocking { [self] in
            // It wants its key to be its own.
            let owner = try FileManager.default.attributesOfItem(atPath: server.directory)[.ownerAccountID]
            let key = "\(scratch.path)/\(certificate).key"
            let attributes = [FileAttributeKey.posixPermissions: 0o600, .ownerAccountID: owner ?? 0]
            try FileManager.default.setAttributes(attributes, ofItemAtPath: key)
            let before = try server.psql("select pg_conf_load_time()")
            try server.psql(
                """
                alter system set ssl_cert_file = '\(scratch.path)/\(certificate).crt';
                alter system set ssl_key_file = '\(key)';
                alter system set ssl = on; select pg_reload_conf()
                """)
            while try server.psql("select pg_conf_load_time()") == before { usleep(10_000) }
        }
    }

    /// Runs `etl status` over the network, with no sslmode unless one is given.
    func status(host: String = "db.test", _ parameters: String..., variables: [String: String] = [:]) async throws
        -> ProgramResult
    {
        let query = (["hostaddr=\(Listener.address)"] + parameters).joined(separator: "&")
        let url = "postgresql://postgres:\(MemoirDatabase.canary)@\(host):\(port)/postgres?\(query)"
        let all = plainEnvironment.merging(["DATABASE_URL": url]) { $1 }.merging(variables) { $1 }
        return try await RunningProgram(etlBinary, arguments: ["status"], environment: all).end()
    }

    /// Runs SQL in one of its databases.
    func psql(_ sql: String, in database: String = "postgres") async throws -> String {
        try await blocking { [server] in try server.psql(sql, in: database) }
    }

    /// Stands before it, and sees nothing but bytes.
    func proxy() throws -> Proxy { try Proxy(blindlyTo: Listener.address, port: port) }

    /// Runs the program on one of its databases through a proxy, over a session that is encrypted.
    func run(_ arguments: String..., database: String, through proxy: Proxy) async throws -> ProgramResult {
        let place = "db.test:\(proxy.port)/\(database)?hostaddr=127.0.0.1&sslmode=verify-full&\(trusted)"
        let url = "postgresql://postgres:\(MemoirDatabase.canary)@\(place)"
        return try await RunningProgram(
            etlBinary, arguments: arguments, environment: plainEnvironment.merging(["DATABASE_URL": url]) { $1 },
            directory: packageDirectory
        ).end()
    }

    /// What those say whose certificate the authority's proves.
    var trusted: String { "sslrootcert=\(authority.certificate)" }
}
