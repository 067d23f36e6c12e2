import Support
import Testing

@testable import Engine

@Suite("Catching up with a table that is written to meanwhile")
struct CatchUpPassTests {
    @Test("makes another pass, which finds what changed behind the first one, be it much")
    func secondPass() async throws {
        let memoir = try await Memoir(400, key: .bigint, limits: BatchLimits(rows: 200, workers: 1))
        try await memoir.run()
        // In the second of two chunks, and held there: what is new needs its chapter.
        try await memoir.psql("update chapters set content = '[\"late\", \"late\", \"late\"]' where id = 301")
        let held = try await HeldTransaction(in: memoir, "select from chapters where id = 301 for update")
        async let changes = memoir.catchUp()
        try await memoir.waitForLock()
        // In the first, which the pass has behind it.
        try await memoir.psql("update chapters set content = '[\"behind\"]' where id <= 150")
        try await held.commit()
        #expect(try await changes["sections"] == SourceChanges(changed: 151))
        let sections = "select count(*), count(distinct chapter_id) from chapter_sections where content"
        #expect(try await memoir.psql("\(sections) = 'behind'") == "150|150")
        #expect(try await memoir.psql("\(sections) = 'late'") == "3|1")
        #expect(try await memoir.catchUp().values.allSatisfy(\.isEmpty))
        #expect(try await memoir.verify().hasPassed)
    }
}
