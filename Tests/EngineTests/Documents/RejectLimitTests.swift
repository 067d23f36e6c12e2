import Support
import Testing

@testable import Engine

@Suite("A limit on rejects")
struct RejectLimitTests {
    /// Chapters of which every second one is rejected.
    private func chapters(_ limit: Int64?) async throws -> Memoir {
        var memoir = try await Memoir(40, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.psql(
            "update chapters set content = '7' where id in (select \(Memoir.KeyType.uuid.expression("2 * i")) from generate_series(1, 20) i)"
        )
        memoir.maximumRejects = limit
        return memoir
    }

    @Test("stops a run that has more, which goes on with a higher one and ends as if there had been none")
    func stops() async throws {
        var memoir = try await chapters(3)
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed)
        #expect(
            failure.what.contains("rejects of chapter-sections are open, more than the 3 that --max-rejects allows"))
        #expect(failure.next?.contains("etl rejects chapter-sections") == true)
        // What was done stays done, the rejects of it too, and nothing is claimed.
        let half = try await memoir.psql(
            """
            select count(*) filter (where state = 'done') between 1 and 9,
                   sum(rejected) = (select count(*) from etl.rejects where state = 'open'), count(claimant) filter (where state <> 'done'), max(attempt)
              from etl.chunks where stage = 'sections'
            """)
        #expect(half == "t|t|0|1")

        let again = try await memoir.failure { try await memoir.run() }
        #expect(again.kind == .failed)
        memoir.maximumRejects = 20
        #expect(try await memoir.run().outcomes == [40, 20, 0, 20, 0])
        #expect(try await memoir.run().hadNothingToDo)
    }

    @Test("lets a run with as many and no more pass")
    func passes() async throws {
        #expect(try await chapters(20).run().outcomes == [40, 20, 0, 20, 0])
    }

    @Test("of none stops at the first")
    func none() async throws {
        var memoir = try await Memoir(12, limits: BatchLimits(rows: 12, workers: 2))
        memoir.maximumRejects = 0
        try await memoir.psql("update chapters set content = 'true' where id = \(Memoir.key(7))")
        #expect(try await memoir.failure { try await memoir.run() }.kind == .failed)
        #expect(try await memoir.psql("select state, code from etl.rejects") == "open|unknown-shape")
        // The mended row is moved by a retry, and then the run goes on.
        try await memoir.psql("update chapters set content = '[\"x\"]' where id = \(Memoir.key(7))")
        #expect(try await memoir.retry().resolved == 1)
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
    }

    @Test("stops catching up")
    func catchingUp() async throws {
        var memoir = try await Memoir(20, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run()
        memoir.maximumRejects = 2
        try await memoir.psql("update chapters set content = '7'")
        let failure = try await memoir.failure { try await memoir.catchUp() }
        #expect(failure.what.contains("more than the 2"))
        memoir.maximumRejects = nil
        try await memoir.catchUp()
        #expect(try await memoir.psql("select count(*) from etl.rejects where state = 'open'") == "20")
    }
}
