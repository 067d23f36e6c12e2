import Postgres
import Support
import Testing

@testable import Engine

@Suite("Changes after one pass")
struct OnePassChangesTests {
    @Test("are brought over to where a run would have ended", arguments: [Memoir.KeyType.uuid, .text])
    func equalsARun(key: Memoir.KeyType) async throws {
        let memoir = try await Memoir(30, key: key).of("memoir")
        try await memoir.run()
        try await memoir.psql(Memoir.changes(key: key))
        let changes = try await memoir.catchUp()
        #expect(changes["sections"] == SourceChanges(new: 6, changed: 8, vanished: 2))
        let other = try await Memoir(0, key: key).of("memoir")
        let rows = try await memoir.psql(
            "select string_agg(format('(%L, %L::jsonb, %L::jsonb)', id, content, images), ',') from chapters")
        try await other.psql("insert into chapters (id, content, images) values \(rows)")
        try await other.run()
        #expect(try await memoir.everyRow() == other.everyRow())
        #expect(
            try await memoir.psql(
                """
                select sum(target_rows) = (select count(*) from chapter_sections)
                                          + (select count(*) from memoir_images where section_id is not null)
                  from etl.chunks where stage = 'sections'
                """) == "t")
        #expect(try await memoir.run().changes == SourceChanges())
        #expect(try await memoir.verify().counts["wrong"] == nil)
    }

    @Test("leave the rows of other sections and pictures untouched")
    func untouched() async throws {
        let memoir = try await Memoir(30).of("memoir")
        try await memoir.run()
        let rows = """
            select s.xmin, s.id, m.xmin, m.id from chapter_sections s left join memoir_images m on m.section_id = s.id
             where s.chapter_id <> \(Memoir.key(3)) or s.order_index <> 1 order by s.id
            """
        let before = try await memoir.psql(rows)
        try await memoir.psql(
            "update chapters set content = '[\"first of 3\", \"changed\"]' where id = \(Memoir.key(3))")
        try await memoir.catchUp()
        #expect(try await memoir.psql(rows) == before)
        let changed = "select content from chapter_sections where chapter_id = \(Memoir.key(3)) and order_index = 1"
        #expect(try await memoir.psql(changed) == "changed")
    }

    @Test("resolve a reject, with sections and pictures, when it is tried again")
    func retried() async throws {
        let memoir = try await Memoir(6).of("memoir")
        try await memoir.psql("update chapters set content = '[7]' where id = \(Memoir.key(3))")
        try await memoir.run()
        try await memoir.psql("update chapters set content = '[\"good\"]' where id = \(Memoir.key(3))")
        #expect(try await memoir.retry().resolved == 1)
        let linked = """
            select count(*) from chapter_sections s join memoir_images m on m.section_id = s.id and s.image_id = m.id
             where s.chapter_id = \(Memoir.key(3))
            """
        #expect(try await memoir.psql(linked) == "1")
    }

    @Test("of what is written are seen where a trigger swallows a picture's id")
    func swallowed() async throws {
        let memoir = try await Memoir(6).of("memoir")
        try await memoir.run()
        try await memoir.psql(
            """
            create function swallow() returns trigger language plpgsql as $$ begin return null; end $$;
            create trigger swallow before update on chapter_sections for each row execute function swallow();
            \(Memoir.chapters(9...9))
            """)
        let failure = try await memoir.failure { try await memoir.catchUp() }
        #expect(failure.what.contains("chapter_sections"))
    }
}
