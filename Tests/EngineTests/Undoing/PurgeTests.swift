import Postgres
import Support
import Testing

@testable import Engine

@Suite("Purging")
struct PurgeTests {
    @Test("forgets the run and its archive, when the database is named; the audit stays")
    func archive() async throws {
        let memoir = try await Memoir(6)
        #expect(try await memoir.purge(confirming: false).run == nil)
        try await memoir.drop()
        let before = try await memoir.everything()
        let failure = try await memoir.failure { try await memoir.purge(confirming: false) }
        #expect(failure.kind == .refused)
        #expect(failure.next == "etl purge chapter-sections --confirm \(memoir.database.name)")
        #expect(try await memoir.everything() == before)
        let content = try await memoir.psql("table chapter_sections order by id; table chapters order by id")
        let result = try await memoir.purge()
        #expect(result.archives == ["etl.archive_1_drop_old_columns"])
        #expect(
            try await memoir.psql(
                """
                select count(*) from etl.runs; select count(*) from etl.archives; select count(*) from etl.chunks;
                select to_regclass('etl.archive_1_drop_old_columns') is null;
                select detail from etl.audit where act = 'purge'
                """)
                == "0\n0\n0\nt\nwith etl.archive_1_drop_old_columns; confirmed for database \(memoir.database.name)")
        // Who did what on what word stays, though all else of the run is gone.
        let trace = try await memoir.psql(
            "select act, detail like '%confirmed for database%' from etl.audit where act in ('drop', 'purge') order by id"
        )
        #expect(trace == "drop|t\npurge|t")
        #expect(try await memoir.psql("table chapter_sections order by id; table chapters order by id") == content)
        #expect(try await memoir.purge().run == nil)
    }

    @Test("is refused while a later pipeline rests on the run")
    func later() async throws {
        let memoir = try await Memoir(6)
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        let failure = try await memoir.failure { try await memoir.purge() }
        #expect(failure.kind == .refused)
        #expect(failure.next == "in this order: etl purge memoir-images; etl purge chapter-sections")
        try await memoir.of("memoir-images").purge(confirming: false)
        try await memoir.purge(confirming: false)
        #expect(try await memoir.psql("select count(*) from etl.runs") == "0")
    }

    @Test("of a run that was undone removes the archive that was kept")
    func undone() async throws {
        let memoir = try await Memoir(6)
        try await memoir.drop()
        try await memoir.undo()
        #expect(try await memoir.purge().archives == ["etl.archive_1_drop_old_columns"])
        try await memoir.run()
        #expect(try await memoir.verify().hasPassed)
    }
}
