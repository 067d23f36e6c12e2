import Postgres
import Support
import Testing

@testable import Engine

@Suite("A target that has rows already")
struct ExistingRowsTests {
    /// A target as an earlier migration left it: all rows of 12 chapters, no constraint, no ledger.
    private func filled() async throws -> Memoir {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.psql(
            """
            drop schema etl cascade;
            alter table chapter_sections drop constraint chapter_sections_pkey,
                drop constraint chapter_sections_chapter_id_order_index_key,
                drop constraint chapter_sections_chapter_id_fkey;
            """)
        return memoir
    }

    private func versions(_ memoir: Memoir, of number: Int) async throws -> String {
        try await memoir.psql(
            """
            select ctid, xmin, * from chapter_sections
             where chapter_id = \(Memoir.key(number)) order by order_index
            """)
    }

    @Test("keeps equal rows as they are, which are counted as adopted")
    func adopted() async throws {
        let memoir = try await filled()
        let before = try await memoir.psql("select ctid, xmin, * from chapter_sections order by id")
        try await memoir.psql(Memoir.chapters(13...15))
        let result = try await memoir.run()
        #expect(result.outcomes == [15, 15, 0, 0, 0])
        #expect(result.rows?.adopted == 12)
        let after = try await memoir.psql(
            """
            select ctid, xmin, * from chapter_sections
             where chapter_id not in (\(Memoir.key(13)), \(Memoir.key(14)), \(Memoir.key(15))) order by id
            """
        )
        #expect(after == before)
    }

    @Test("gets its keys before more rows come")
    func keysFirst() async throws {
        var memoir = try await filled()
        memoir.limits.workers = 1
        try await memoir.psql("insert into chapter_sections select * from chapter_sections limit 1")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.what.contains("23505"))
        #expect(failure.place == "chapter-sections, stage sections")
        #expect(try await memoir.psql("select count(*) from etl.chunks where state = 'done'") == "0")
    }

    @Test("stops the run where a row differs, and names its parent")
    func different() async throws {
        let memoir = try await filled()
        try await memoir.psql(
            """
            update chapter_sections set content = 'by hand'
             where chapter_id = \(Memoir.key(5)) and order_index = 1
            """)
        let before = try await memoir.content()
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.details == ["first keys: \(try await memoir.psql("select \(Memoir.key(5))"))"])
        #expect(failure.next?.contains("--on-existing") == true)
        #expect(try await memoir.content() == before)
    }

    @Test("keeps what differs when told to")
    func keep() async throws {
        let memoir = try await filled()
        try await memoir.psql(
            """
            update chapter_sections set content = 'by hand' where chapter_id = \(Memoir.key(5)) and order_index = 1;
            delete from chapter_sections where chapter_id = \(Memoir.key(6)) and order_index = 1;
            delete from chapter_sections where chapter_id = \(Memoir.key(7))
            """)
        let result = try await memoir.run(until: "constraints", existing: .keep)
        #expect(result.outcomes == [12, 12, 0, 0, 0])
        #expect(result.rows?.adopted == 9)
        let texts = "select string_agg(content, ',' order by order_index) from chapter_sections where chapter_id = "
        #expect(try await memoir.psql(texts + Memoir.key(5)) == "first of 5,by hand")
        #expect(try await memoir.psql(texts + Memoir.key(6)).hasPrefix("first of 6"))
        #expect(try await memoir.psql(texts + Memoir.key(7)) == "first of 7,second")
    }

    @Test("is replaced by difference: rows that are right, and what hangs on them, stay")
    func replace() async throws {
        let memoir = try await filled()
        let fresh = try await Memoir(12).migrated()
        try await memoir.psql(
            """
            alter table chapter_sections add primary key (id);
            create table notes (section_id uuid references chapter_sections (id) on delete cascade);
            insert into notes select id from chapter_sections;
            update chapter_sections set content = 'by hand' where chapter_id = \(Memoir.key(5)) and order_index = 1;
            delete from chapter_sections where chapter_id = \(Memoir.key(7)) and order_index = 0;
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), \(Memoir.key(8)), 7, 'one too many')
            """)
        let untouched = try await versions(memoir, of: 4)
        let first = "select ctid, xmin from chapter_sections where order_index = 0 and chapter_id = "
        let rightHalf = try await memoir.psql(first + Memoir.key(5))
        let result = try await memoir.run(existing: .replace)
        #expect(result.outcomes == [12, 12, 0, 0, 0])
        #expect(result.rows?.adopted == 9)
        #expect(try await memoir.content() == fresh)
        #expect(try await versions(memoir, of: 4) == untouched)
        #expect(try await memoir.psql(first + Memoir.key(5)) == rightHalf)
        // Of 28 sections one was deleted by hand, and its note with it.
        #expect(try await memoir.psql("select count(*) from notes") == "27")
    }

    @Test("keeps rows of parents that this run never saw, and refuses the foreign key until they are settled")
    func strangers() async throws {
        let memoir = try await filled()
        try await memoir.psql(
            """
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), \(Memoir.key(99)), 0, 'a stranger''s')
            """)
        #expect(try await memoir.run(until: "sections", existing: .replace).rows?.adopted == 12)
        // One parent of ours vanishes as well, whose rows may go.
        try await memoir.psql("delete from chapters where id = \(Memoir.key(4))")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.details == ["first keys: \(try await memoir.psql("select \(Memoir.key(99))"))"])
        #expect(try await memoir.psql("select count(*) from chapter_sections where content like 'a str%'") == "1")
        try await memoir.psql("delete from chapter_sections where chapter_id = \(Memoir.key(99))")
        #expect(try await memoir.run().outcomes == [12, 11, 0, 0, 1])
    }

    @Test("is not taken for replaced where a trigger swallows the change")
    func swallowedUpdate() async throws {
        let memoir = try await filled()
        try await memoir.psql(
            """
            update chapter_sections set content = 'by hand' where chapter_id = \(Memoir.key(5)) and order_index = 1;
            create function swallow() returns trigger language plpgsql as $$ begin return null; end $$;
            create trigger swallow before update on chapter_sections for each row execute function swallow()
            """)
        let failure = try await memoir.failure { try await memoir.run(existing: .replace) }
        #expect(failure.what.contains("a trigger or a rule alters them"))
        try await memoir.psql("drop trigger swallow on chapter_sections")
        #expect(try await memoir.run(existing: .replace).outcomes == [12, 12, 0, 0, 0])
    }

    @Test("does without a row that the server refuses, which is rejected; the others are compared and written")
    func refusedRow() async throws {
        let memoir = try await filled()
        try await memoir.psql(
            """
            delete from chapter_sections where chapter_id in (\(Memoir.key(3)), \(Memoir.key(4)));
            alter table chapter_sections add constraint calm check (content <> 'first of 4')
            """)
        let result = try await memoir.run()
        #expect(result.outcomes == [12, 11, 0, 1, 0])
        #expect(result.rows?.adopted == 10)
        #expect(try await memoir.psql("select count(distinct chapter_id) from chapter_sections") == "11")
    }

    @Test("stays bound to what was there when the stage began, so that a resumed run compares as well")
    func resumed() async throws {
        var memoir = try await filled()
        memoir.limits.workers = 1
        let failure = try await memoir.stop(afterRows: 1, signal: 2)
        #expect(failure.kind == .stopped(signal: 2))
        #expect(try await memoir.run().rows?.adopted == 12)
    }
}
