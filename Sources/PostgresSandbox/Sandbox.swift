import Glibc
import Postgres

/// A private PostgreSQL server, reachable by its Unix socket and by nobody but its owner and root.
///
/// A lent one belongs to this process and vanishes with it; a kept one lives until it is stopped.
public final class Sandbox: Sendable {
    /// The directory that holds the socket: what libpq calls `host`.
    public let socketDirectory: String
    /// The superuser; it needs no password.
    public let user = Sandbox.superuser
    /// The port, which is part of the socket's name.
    public let port: Int
    /// The `psql` that belongs to the server.
    public let psql: String

    static let superuser = "postgres"
    // Each server has a directory of its own, so they never compete for a port, unless one is set to listen.
    static let onlyPort = 5432

    private let server: any RunningServer

    init(socketDirectory: String, port: Int = Sandbox.onlyPort, psql: String, server: any RunningServer) {
        self.socketDirectory = socketDirectory
        self.port = port
        self.psql = psql
        self.server = server
    }

    deinit {
        server.abandon()
    }

    /// Starts a server that dies with this process, even when that is killed, and leaves nothing behind.
    ///
    /// It is fast rather than durable. Settings are those of `postgresql.conf` and win over its own.
    public static func lend(settings: [String: String] = [:]) throws(SandboxError) -> Sandbox {
        try LentServer.start(settings: settings)
    }

    /// The server kept in a directory of its own, started when it is down; its durability is the usual.
    ///
    /// It outlives this process and the terminal, and its data outlive `stop`. Without a directory it is
    /// the one that each user has.
    public static func keep(at directory: String? = nil) throws(SandboxError) -> Sandbox {
        try KeptServer.start(at: directory)
    }

    /// The kept server if it is up, else nil. Starts nothing.
    public static func kept(at directory: String? = nil) throws(SandboxError) -> Sandbox? {
        try KeptServer.running(at: directory)
    }

    /// Stops the server and returns when it has ended; stopping it again is no error.
    public func stop() throws(SandboxError) {
        try server.stop()
    }

    /// A URL of one of its databases, as `etl --database-url` and libpq take it.
    public func url(database: String) -> String {
        "postgresql:///\(percentEncoded(database))?host=\(percentEncoded(socketDirectory))"
            + "&port=\(port)&user=\(user)"
    }
}

/// What keeps a server of either kind and can end it.
protocol RunningServer: Sendable {
    func stop() throws(SandboxError)
    /// Called when the last reference to the sandbox is gone.
    func abandon()
}

/// Waits until the server at a socket accepts connections, for at most half a minute.
///
/// `hasEnded` is asked each time, so that a server which fails to start is not waited for.
func awaitServer(
    in socketDirectory: String, port: Int = Sandbox.onlyPort, hasEnded: () -> Ending?, log: () -> String
) throws(SandboxError) {
    let seconds = 30
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while clock.now < deadline {
        let answer = ServerProbe.ask(
            socketDirectory: socketDirectory, port: port, user: Sandbox.superuser)
        if answer == .accepting { return }
        if let ending = hasEnded() { throw SandboxError(.serverEnded(ending, log: log())) }
        pause(milliseconds: 5)
    }
    throw SandboxError(.serverSilent(seconds: seconds, log: log()))
}

/// The pause between two looks at a condition that nobody announces.
func pause(milliseconds: Int) {
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    nanosleep(&time, nil)
}

/// Everything but letters, digits and `-._~` as `%XX`, byte for byte.
private func percentEncoded(_ text: String) -> String {
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = text.utf8.flatMap { byte in
        plain.contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: bytes, as: UTF8.self)
}
