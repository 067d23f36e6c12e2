import Glibc
import Postgres
import Support
import Testing

@testable import Engine

@Suite("A server that is frozen")
struct FrozenServerTests {
    /// A stage whose statements have no end, and the table that it must be able to lock.
    struct Unbounded: Sendable, CustomTestStringConvertible {
        let stage: String
        let before: String
        let table: String
        var testDescription: String { stage }
    }

    static let stages = [
        Unbounded(stage: "sections, when its chunks are planned", before: "tables", table: "chapters"),
        Unbounded(stage: "constraints", before: "sections", table: "chapter_sections"),
    ]

    @Test(
        "is noticed in a stage whose statements may take as long as they take; later the run goes on", arguments: stages
    )
    func frozen(unbounded: Unbounded) async throws {
        let mortal = try await blocking { try MortalServer() }
        var memoir = try await Memoir(8, limits: BatchLimits(rows: 4, workers: 1), on: mortal.server)
        try await memoir.run(until: unbounded.before)
        memoir.deadlines = Deadlines(connect: 0.5, statement: 30, lock: 60, idle: 60, outage: 1, silence: 0.3)
        let lock = try await HeldTransaction(in: memoir, "lock table \(unbounded.table) in access exclusive mode")
        let frozen = memoir
        async let end = frozen.failure { try await frozen.run() }
        let waiting = try #require(Int32(try await memoir.waitForLock()))
        let postmaster = try #require(mortal.send(0))
        for pid in [waiting, postmaster] { kill(pid, SIGSTOP) }
        let failure = try await end
        for pid in [waiting, postmaster] { kill(pid, SIGCONT) }
        #expect(failure.kind == .unreachable, "\(failure)")
        try await lock.commit()
        memoir.deadlines = Deadlines(connect: 10, statement: 30, lock: 2, idle: 60, outage: 20)
        #expect(try await memoir.run().outcomes == [8, 8, 0, 0, 0])
        #expect(try await memoir.content() == Memoir(8).migrated())
    }
}
