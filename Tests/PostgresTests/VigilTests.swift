import Foundation
import Postgres
import Support
import Testing

@Suite("A statement that may take as long as it takes")
struct VigilTests {
    /// Nobody is waited for longer than a moment, and the server is asked for a sign of life all the time.
    private static let alert = Deadlines(connect: 0.3, statement: 0, silence: 0.2)

    @Test("is waited for while the server lives, however long it says nothing")
    func living() async throws {
        let value = try await withSession(deadlines: Deadlines(connect: 30, statement: 0, silence: 0.1)) { session in
            try session.value("select pg_sleep(1); select 'done'")
        }
        #expect(value == "done")
    }

    @Test("is given up when the server is frozen: nobody answers who is asked for a sign of life")
    func frozen() async throws {
        let server = try await blocking { try FragileServer() }
        let file = try await blocking { try server.psql("select pg_read_file('postmaster.pid')") }
        let postmaster = try #require(file.split(separator: "\n").first.flatMap { Int32($0) })
        let error = try await blocking { () -> PostgresError? in
            let session = try Connection(to: server.connectionTarget, name: "etl test", deadlines: Self.alert)
            let backend = session.backend.pid
            defer { for pid in [backend, postmaster] { kill(pid, SIGCONT) } }
            return #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    for pid in [backend, postmaster] { kill(pid, SIGSTOP) }
                    try transaction.run("select 1")
                }
            }
        }
        #expect(error == .deadlinePassed(what: "the question whether the server lives", seconds: 1))
        #expect(error?.errorClass == .retry)
    }

    @Test("is given up when its session is gone, though nobody between here and there has said so")
    func gone() async throws {
        let database = try Shared.database
        let proxy = try Proxy(to: database.server)
        let error = try await blocking { () -> PostgresError? in
            let session = try Connection(
                to: proxy.target(for: database.connectionTarget()), name: "etl vigil",
                deadlines: Deadlines(connect: 30, statement: 0, silence: 0.2))
            return #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    proxy.arm(.silenceAtAnswer(of: "etl vigil"))
                    try transaction.run("select 1")
                    try database.psql("select pg_terminate_backend(\(session.backend.pid))")
                    try transaction.run("select 1")
                }
            }
        }
        #expect(error == .connectionLost(reason: "the server has no such session any more", sqlstate: nil))
    }
}
