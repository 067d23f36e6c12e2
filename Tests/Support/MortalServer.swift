import Foundation
import Glibc
import PostgresSandbox

/// A server of a test's own that can be ended in any way and started again; gone with the last reference.
public final class MortalServer: Sendable {
    /// The server, whether it is up or not.
    public let server: TestServer
    private let place: String

    /// Starts an empty one.
    public init() throws {
        place = Self.freshPlace()
        server = TestServer(try Sandbox.keep(at: place))
    }

    /// Starts a standby with all that another server holds now; what that gets later comes here only if it follows.
    public init(standbyOf primary: TestServer, follows: Bool = false) throws {
        place = Self.freshPlace()
        mkdir(place, 0o700)
        let sandbox = primary.sandbox
        let tools = (sandbox.psql as NSString).deletingLastPathComponent
        let copy = try runProgram(
            FileManager.default.isExecutableFile(atPath: tools + "/pg_basebackup")
                ? tools + "/pg_basebackup" : "pg_basebackup",
            arguments: [
                "-h", sandbox.socketDirectory, "-p", "\(sandbox.port)", "-U", sandbox.user, "-D", place + "/data",
                "-c", "fast", "--no-sync",
            ])
        guard copy.status == 0 else { throw PsqlFailure(sql: "pg_basebackup", message: copy.stderr) }
        try Data().write(to: URL(fileURLWithPath: place + "/data/standby.signal"))
        // A standby must allow as many as its primary.
        var settings = "max_connections = \(try sandbox.query("show max_connections"))\n"
        if follows {
            settings +=
                "primary_conninfo = 'host=\(sandbox.socketDirectory) port=\(sandbox.port) user=\(sandbox.user)'\n"
        }
        try Data(settings.utf8).write(to: URL(fileURLWithPath: place + "/data/postgresql.auto.conf"))
        try Self.give(place, toOwnerOf: sandbox.socketDirectory)
        server = TestServer(try Sandbox.keep(at: place))
    }

    deinit {
        end(SIGQUIT)
        try? FileManager.default.removeItem(atPath: place)
    }

    /// Sends its first process a signal, and waits for its end: SIGTERM lets sessions finish, SIGINT ends them, SIGQUIT
    /// and SIGKILL are crashes.
    public func end(_ signal: Int32) {
        guard let pid = send(signal) else { return }
        // One that a test froze, and then failed, would take no other signal.
        kill(pid, SIGCONT)
        var facts = stat()
        // A process that has ended has no working directory, even while nobody has asked for its exit code.
        while stat("/proc/\(pid)/cwd", &facts) == 0 { poll(nil, 0, 10) }
    }

    /// Sends its first process a signal, and gives its number; nil where it has ended in order.
    @discardableResult
    public func send(_ signal: Int32) -> Int32? {
        let file = try? String(contentsOfFile: place + "/data/postmaster.pid", encoding: .utf8)
        guard let pid = file?.split(separator: "\n").first.flatMap({ Int32($0) }) else { return nil }
        kill(pid, signal)
        return pid
    }

    /// Starts it again, which waits for what a crash has left behind.
    public func start() throws {
        for _ in 0..<300 {
            do {
                _ = try Sandbox.keep(at: place)
                return
            } catch {
                guard "\(error)".contains("still in use") else { throw error }
                poll(nil, 0, 100)
            }
        }
        _ = try Sandbox.keep(at: place)
    }

    private static func freshPlace() -> String { "/tmp/etl-mortal-\(UUID().uuidString.prefix(8))" }

    /// Moves its WAL to a directory, while it is down.
    public func moveWAL(to directory: String) throws {
        let (old, new) = (place + "/data/pg_wal", directory + "/pg_wal")
        try FileManager.default.copyItem(atPath: old, toPath: new)
        try Self.give(new, toOwnerOf: old)
        try FileManager.default.removeItem(atPath: old)
        try FileManager.default.createSymbolicLink(atPath: old, withDestinationPath: new)
    }

    /// Root runs servers as somebody else.
    private static func give(_ directory: String, toOwnerOf other: String) throws {
        var facts = stat()
        guard geteuid() == 0, stat(other, &facts) == 0 else { return }
        let files = FileManager.default.enumerator(atPath: directory)?.compactMap { $0 as? String } ?? []
        for file in [""] + files { chown("\(directory)/\(file)", facts.st_uid, facts.st_gid) }
    }
}
