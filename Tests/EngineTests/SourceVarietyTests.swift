import Ledger
import Postgres
import Support
import Testing

@testable import Engine

@Suite("A source of another make")
struct SourceVarietyTests {
    @Test(
        "is read in the order of its key's own collation",
        .enabled(if: ServerFeature.icu.isThere, "the server was built without ICU"))
    func collation() async throws {
        let memoir = try await Memoir(limits: BatchLimits(rows: 1, workers: 2))
        try await memoir.psql(
            #"""
            drop table chapters;
            create table chapters (id text collate "en-x-icu" primary key, content jsonb, images jsonb);
            insert into chapters select id, '["x"]'
              from unnest(array['a', 'B', 'b', 'C', 'ä', E'a\u0308x', 'z', 'Z', '', ' ', '老', '''', '\', '-1', '10', '9']) id;
            update chapters set content = '1' where id in ('B', 'b', 'ä', 'C')
            """#)
        #expect(try await memoir.run().outcomes == [16, 12, 0, 4, 0])
        #expect(try await memoir.psql("select count(*), count(distinct chapter_id) from chapter_sections") == "12|12")
        let keys = try await blocking {
            var keys: [String] = []
            try LedgerView(site: memoir.site(Recorder())).openRejects(of: try memoir.loaded(), on: memoir.schema) {
                keys.append($0.record.key.description)
            }
            return keys
        }
        #expect(keys == ["ä", "b", "B", "C"])
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("may be partitioned")
    func partitioned() async throws {
        let memoir = try await Memoir.partitioned(1...25)
        #expect(try await memoir.run().outcomes == [25, 25, 0, 0, 0])
        #expect(try await memoir.run().changes == SourceChanges())
        #expect(try await memoir.psql("select count(*) from chapters where cover_image is not null") == "8")
    }

    @Test("may belong to a role that is no superuser, who needs leave to make a schema and nothing else")
    func plainRole() async throws {
        let memoir = try await Memoir(12).asOwner()
        #expect(try await memoir.run(until: "sections").outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.run().summary.state == "done")
        #expect(try await memoir.run().hadNothingToDo)
        try await memoir.psql("drop owned by \(memoir.user ?? "") cascade; drop role \(memoir.user ?? "")")
    }

    @Test("has what was made in it noted, and nothing that was there before")
    func created() async throws {
        let memoir = try await Memoir(3)
        try await memoir.psql("alter table chapters add cover_image jsonb")
        try await memoir.run()
        let made = try await memoir.psql("select unnest(created) from etl.stages where name = 'tables' order by 1")
        #expect(made.split(separator: "\n").contains("table public.chapter_sections"))
        #expect(!made.contains("public.chapters"))
    }
}
