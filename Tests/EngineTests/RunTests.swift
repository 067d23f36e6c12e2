import Postgres
import Support
import Testing

@testable import Engine

@Suite("A run")
struct RunTests {
    @Test("migrates every chapter, builds the constraints, and says what it did")
    func fresh() async throws {
        let memoir = try await Memoir(25)
        let recorder = Recorder()
        let result = try await memoir.run(reporter: recorder)
        #expect(recorder.stagesBegun == ["preflight", "tables", "sections", "constraints", "verify"])
        #expect(recorder.rowsReported == 25)
        #expect(!result.hadNothingToDo)
        #expect(result.summary.state == "done")
        #expect(result.summary.stages.map(\.state) == ["done", "done", "done", "done", "done", "pending"])
        #expect(result.outcomes == [25, 25, 0, 0, 0])
        #expect(result.rows?.targetRows == 58)
        #expect(try await memoir.psql("select count(*), count(distinct chapter_id) from chapter_sections") == "58|25")
        let keys = try await memoir.psql(
            """
            select string_agg(contype::text, '' order by contype::text) from pg_constraint
             where conrelid = 'chapter_sections'::regclass and contype <> 'n'
            """
        )
        #expect(keys == "fpu")
    }

    @Test("that is run again changes nothing and says that there is nothing to do")
    func again() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run()
        let before = try await memoir.state()
        let again = try await memoir.run()
        #expect(again.hadNothingToDo)
        #expect(again.changes == SourceChanges())
        #expect(again.outcomes == [25, 25, 0, 0, 0])
        #expect(try await memoir.state() == before)
    }

    @Test(
        "that was killed after its last stage, or stopped while another finished it, is closed by the next, which has nothing else to do",
        arguments: ["running", "stopped"])
    func leftOpen(state: String) async throws {
        let memoir = try await Memoir(5)
        try await memoir.run()
        try await memoir.psql("update etl.runs set state = '\(state)', finished_at = null")
        #expect(try await memoir.run().hadNothingToDo)
        #expect(try await memoir.psql("select state, finished_at is not null from etl.runs") == "done|t")
    }

    @Test("that is done counts new, changed and deleted chapters, before and after a VACUUM FULL")
    func changes() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run()
        try await memoir.psql(
            """
            \(Memoir.chapters(26...28))
            update chapters set content = '["other"]' where id in (\(Memoir.key(4)), \(Memoir.key(5)));
            delete from chapters where id = \(Memoir.key(7))
            """)
        #expect(try await memoir.run().changes == SourceChanges(new: 3, changed: 2, vanished: 1))
        try await memoir.psql("vacuum (full, freeze) chapters")
        #expect(try await memoir.run().changes == SourceChanges(new: 3, changed: 2, vanished: 1))
    }

    @Test("stage by stage, with the scripts run by hand as well, equals a run at once")
    func stepwise() async throws {
        let atOnce = try await Memoir(25)
        try await atOnce.run()
        let stepwise = try await Memoir(25)
        let script = try await stepwise.script("add_chapter_sections.sql")
        try await stepwise.psql(script)
        #expect(try await stepwise.run(until: "tables").summary.state == "stopped")
        try await stepwise.psql(script)
        #expect(try await stepwise.run(until: "sections").outcomes == [25, 25, 0, 0, 0])
        try await stepwise.psql(script)
        #expect(try await stepwise.psql(try await stepwise.script("check_chapters.sql")).isEmpty)
        let last = try await stepwise.run(until: "constraints")
        #expect(last.summary.state == "stopped")
        #expect(try await stepwise.run().summary.state == "done")
        #expect(try await stepwise.run().changes == SourceChanges())
        #expect(try await stepwise.content() == atOnce.content())
    }

    @Test("gives the same whatever the size of its chunks", arguments: [1, 7, 1000])
    func chunkSizes(rows: Int64) async throws {
        var memoir = try await Memoir(25)
        memoir.limits.rows = rows
        let result = try await memoir.run()
        #expect(result.outcomes == [25, 25, 0, 0, 0])
        #expect(result.rows?.chunks == (25 + rows - 1) / rows)
        #expect(try await memoir.content() == Memoir(25).migrated())
    }

    @Test("works with every type of key", arguments: Memoir.KeyType.allCases)
    func keyTypes(key: Memoir.KeyType) async throws {
        let memoir = try await Memoir(25, key: key)
        #expect(try await memoir.run().outcomes == [25, 25, 0, 0, 0])
        let type = try await memoir.psql(
            """
            select format_type(atttypid, atttypmod) from pg_attribute
             where attrelid = 'chapter_sections'::regclass and attname = 'chapter_id'
            """
        )
        #expect(type == (key == .varchar ? "character varying(40)" : key.name))
        let orphans = try await memoir.psql(
            """
            select count(*) from chapters c full join chapter_sections s on s.chapter_id = c.id
             where c.id is null or s.id is null
            """
        )
        #expect(orphans == "0")
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("works in another schema, and leaves public alone")
    func otherSchema() async throws {
        var memoir = try await Memoir()
        memoir.schema = Identifier(#"Büro "1""#)
        memoir.ledger = Identifier("the ledger")
        try await memoir.psql(
            """
            create schema \(memoir.schema.quoted);
            set search_path = \(memoir.schema.quoted);
            create table chapters (id uuid primary key, content jsonb, images jsonb);
            \(Memoir.chapters(1...12))
            """)
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.run().hadNothingToDo)
        #expect(
            try await memoir.psql("select count(distinct chapter_id) from \(memoir.schema.quoted).chapter_sections")
                == "12")
        #expect(
            try await memoir.psql(
                """
                select to_regclass('public.chapter_sections') is null, to_regnamespace('etl') is null
                """) == "t|t")
    }

    @Test("lets triggers find what lies beside their tables, be they deferred until COMMIT or not")
    func triggersInTheirSchema() async throws {
        let memoir = try await Memoir(6, limits: BatchLimits(rows: 3, workers: 1))
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create table journal (what text);
            create function note() returns trigger language plpgsql as $$
              begin insert into journal values (tg_name || ' ' || tg_op || ' ' || tg_table_name); return null; end $$;
            create trigger at_once after insert on chapter_sections for each statement execute function note();
            create constraint trigger deferred after insert or update on chapter_sections deferrable initially deferred
                for each row execute function note();
            create constraint trigger deferred after update on chapters deferrable initially deferred
                for each row execute function note();
            """)
        #expect(try await memoir.run().outcomes == [6, 6, 0, 0, 0])
        try await memoir.of("memoir-images").run()
        try await memoir.of("section-image-id").run()
        try await memoir.psql("update chapters set content = '[\"new\"]' where id = \(Memoir.key(2))")
        _ = try await memoir.catchUp()
        let noted = try await memoir.psql("select what, count(*) from journal group by what order by what")
        // Fourteen were inserted, two got a picture, and of two that changed one went and one stayed.
        let expected = [
            "at_once INSERT chapter_sections|4", "deferred INSERT chapter_sections|14",
            "deferred UPDATE chapter_sections|3", "deferred UPDATE chapters|3",
        ]
        #expect(noted.split(separator: "\n").map(String.init) == expected)
    }

    @Test("of an empty table is done at once")
    func empty() async throws {
        let memoir = try await Memoir()
        let result = try await memoir.run()
        #expect(result.summary.state == "done")
        #expect(result.outcomes == [0, 0, 0, 0, 0])
    }
}
