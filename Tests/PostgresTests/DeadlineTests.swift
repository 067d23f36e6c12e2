import Foundation
import Postgres
import Support
import Testing

@Suite("A deadline")
struct DeadlineTests {
    @Test("ends a connection attempt that a listener never answers")
    func connect() async throws {
        let listener = try SilentListener()
        let (error, seconds) = try await blocking { () -> (PostgresError?, Double) in
            let target = ConnectionTarget(keywords: [
                ("host", "127.0.0.1"), ("port", String(listener.port)), ("user", "x"), ("dbname", "x"),
                ("sslmode", "disable"),
            ])
            let start = MonotonicClock.now
            let error = #expect(throws: PostgresError.self) {
                _ = try Connection(to: target, name: "etl test", deadlines: Deadlines(connect: 0.3))
            }
            return (error, MonotonicClock.now - start)
        }
        #expect(error == .deadlinePassed(what: "the connection attempt", seconds: 0.3))
        #expect(seconds >= 0.3)
        #expect(seconds < 5)
    }

    @Test("ends the wait for a server that is frozen, the server's own limit and the grace after it began")
    func frozen() async throws {
        let server = try await blocking { try FragileServer() }
        let (error, seconds) = try await blocking { () -> (PostgresError?, Double) in
            let session = try Connection(
                to: server.connectionTarget, name: "etl test",
                deadlines: Deadlines(statement: 0.2, grace: 0.3))
            let backend = session.backend.pid
            defer { kill(backend, SIGCONT) }
            var start = 0.0
            let error = #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    kill(backend, SIGSTOP)
                    start = MonotonicClock.now
                    try transaction.run("select 1")
                }
            }
            return (error, MonotonicClock.now - start)
        }
        #expect(error == .deadlinePassed(what: "a statement", seconds: 0.5))
        #expect(error?.endsSession == true)
        #expect(error?.errorClass == .retry)
        #expect(seconds >= 0.5)
        #expect(seconds < 5)
    }

    @Test("bounds a COPY to a frozen server too, in either direction", arguments: [true, false])
    func frozenCopy(out: Bool) async throws {
        let server = try await blocking { try FragileServer() }
        let error = await #expect(throws: PostgresError.self) {
            try await blocking {
                let session = try Connection(
                    to: server.connectionTarget, name: "etl test",
                    deadlines: Deadlines(statement: 1, grace: 0.3))
                let backend = session.backend.pid
                defer { kill(backend, SIGCONT) }
                try session.transaction { transaction in
                    try transaction.run("create temp table t (n int)")
                    if out {
                        try transaction.copyOut("select g from generate_series(1, 200000) g") { _ in
                            kill(backend, SIGSTOP)
                        }
                    } else {
                        kill(backend, SIGSTOP)
                        try transaction.copyIn(numbers(1...1_000_000), into: "t", columns: [Identifier("n")])
                    }
                }
            }
        }
        #expect(error == .deadlinePassed(what: out ? "COPY TO STDOUT" : "COPY FROM STDIN", seconds: 1.3))
    }
}

/// A socket that takes connections and says nothing.
private final class SilentListener: Sendable {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let own = descriptor
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(own, generic, length) == 0, listen(own, 4) == 0, getsockname(own, generic, &length) == 0
                else { throw POSIXError(.EADDRNOTAVAIL) }
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
    }

    deinit {
        close(descriptor)
    }
}
