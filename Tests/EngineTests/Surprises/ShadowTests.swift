import Engine
import Postgres
import Support
import Testing

@Suite("Names that are there twice")
struct ShadowTests {
    @Test("tables and functions in front of the search path, the role's or the database's, are not taken for ours")
    func searchPath() async throws {
        let memoir = try await Memoir(6)
        // Everything that the run would call or read by a bare name, were it not for its own search path.
        let functions = [
            "to_regclass(text)", "md5(text)", "format(text, text)", "quote_ident(text)", "left(text, int)",
        ]
        let traps = functions.map { function in
            "create function evil.\(function) returns text language plpgsql as 'begin raise ''trapped''; end';"
        }
        try await memoir.psql(
            """
            create schema evil;
            create table evil.chapters (like chapters including all);
            insert into evil.chapters select * from chapters limit 1;
            create table evil.chapter_sections (id uuid, chapter_id uuid, order_index int, content text);
            create table evil.runs (id int); create table evil.chunks (id int); create table evil.ledger (product text);
            \(traps.joined(separator: "\n"))
            create function evil.same(text, text) returns boolean language plpgsql as 'begin raise ''trapped''; end';
            create operator evil.= (leftarg = text, rightarg = text, function = evil.same);
            alter database \(memoir.database.name) set search_path = evil, pg_catalog, public;
            """)
        #expect(try await memoir.run().outcomes == [6, 6, 0, 0, 0])
        #expect(try await memoir.verify().hasPassed)
        #expect(try await memoir.run().hadNothingToDo)
        let theirs = try await memoir.psql(
            """
            select (select count(*) from evil.chapters), (select count(*) from evil.chapter_sections),
                   (select count(*) from evil.runs)
            """)
        #expect(theirs == "1|0|0")
        #expect(try await memoir.psql("select count(*) from public.chapter_sections") == "14")
    }

    @Test("a ledger that somebody laid out beforehand, with code of his own in it, is refused before it is written to")
    func plantedLedger() async throws {
        let plants = [
            """
            create function etl.steal() returns trigger language plpgsql as
                'begin execute ''create table public.stolen ()''; return new; end';
            create trigger steal before insert on etl.runs for each row execute function etl.steal();
            """,
            "create rule steal as on insert to etl.runs do also insert into public.stolen values (1);",
            """
            create function etl.steal() returns timestamptz language sql as 'select now()';
            alter table etl.runs alter started_at set default etl.steal();
            """,
            "alter table etl.runs enable row level security;",
        ]
        for plant in plants {
            let memoir = try await Memoir(2)
            try await memoir.run(until: "tables")
            let table = plant.contains("rule") ? "create table public.stolen (id int);" : ""
            try await memoir.psql(table + plant)
            let before = try await memoir.psql("select count(*) from etl.audit")
            let failure = try await memoir.failure { try await memoir.run() }
            #expect(failure.kind == .refused, "\(failure)")
            #expect(failure.what.contains("runs"), "\(failure)")
            #expect(try await memoir.psql("select count(*) from etl.audit") == before)
            #expect(try await memoir.preflight().findings.first?.weight == .problem)
        }
    }
}
