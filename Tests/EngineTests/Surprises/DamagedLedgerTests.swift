import Engine
import Postgres
import Support
import Testing

@Suite("A ledger that somebody laid hands on")
struct DamagedLedgerTests {
    @Test("that is gone is made anew, and rows that are there are compared and not moved again")
    func dropped() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        let rows = try await memoir.psql("select string_agg(xmin::text || id, ',' order by id) from chapter_sections")
        try await memoir.psql("drop schema etl cascade")
        let result = try await memoir.run()
        #expect(result.outcomes == [12, 12, 0, 0, 0])
        #expect(
            try await memoir.psql("select string_agg(xmin::text || id, ',' order by id) from chapter_sections") == rows)
        #expect(try await memoir.verify().hasPassed)
    }

    @Test("that is gone while the target differs stops the run, and nothing is overwritten")
    func droppedAndDifferent() async throws {
        let memoir = try await Memoir(5)
        try await memoir.run()
        try await memoir.psql(
            "drop schema etl cascade; update chapter_sections set content = 'mended by hand' where order_index = 1")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused, "\(failure)")
        #expect(try await memoir.psql("select count(*) from chapter_sections where content = 'mended by hand'") == "5")
    }

    @Test(
        "that lacks a table or a column is told as such, and nothing is moved",
        arguments: ["drop table etl.chunks cascade", "alter table etl.runs drop column state"])
    func mutilated(change: String) async throws {
        let memoir = try await Memoir(5)
        try await memoir.run(until: "tables")
        try await memoir.psql(change)
        let failure = try await memoir.failure { try await memoir.run() }
        #expect([.failed, .refused].contains(failure.kind) && failure.what.contains("does not exist"), "\(failure)")
        #expect(try await memoir.psql("select count(*) from chapter_sections") == "0")
    }

    @Test("that says a chunk is done whose rows are gone does not deceive verify, nor lets anything be dropped")
    func rowsGone() async throws {
        let memoir = try await Memoir(15)
        try await memoir.run(until: "constraints")
        try await memoir.psql("delete from chapter_sections where chapter_id = \(Memoir.key(3))")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed)
        let result = try await memoir.verify()
        #expect(!result.hasPassed && result.counts["wrong"] == 1)
        #expect(try await memoir.failure { try await memoir.drop(memoir.consent()) }.kind != .stopped(signal: 2))
        #expect(try await memoir.psql("select count(*) from chapters where content is not null") == "15")
    }
}
