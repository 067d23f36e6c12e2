import Postgres
import Support
import Testing

@testable import Engine

@Suite("Undoing where tables and columns were there before")
struct StayingTablesTests {
    /// Chapters beside the tables of all three pipelines, made by hand.
    private func memoir(_ rows: Int = 25, key: Memoir.KeyType = .uuid) async throws -> Memoir {
        let memoir = try await Memoir(rows, key: key)
        for script in ["add_chapter_sections.sql", "add_memoir_images_table.sql", "add_section_image_id_fk.sql"] {
            try await memoir.psql(try await memoir.script(script))
        }
        return memoir
    }

    /// The statements that write the sections that some chapters have elsewhere.
    private func insertions(from model: Memoir, of chapters: [String]) async throws -> String {
        try await model.psql(
            """
            select format('insert into chapter_sections values (%L, %L, %L, %L, %L, %L, %L, %L);', id, chapter_id, order_index,
                          title, content, image, attributes, created_at)
              from chapter_sections where chapter_id in (\(chapters.joined(separator: ", ")))
            """)
    }

    @Test("takes back rows, covers and image ids, and what was built on them", arguments: [Memoir.KeyType.uuid, .text])
    func everything(key: Memoir.KeyType) async throws {
        let memoir = try await memoir(key: key)
        let before = try await memoir.picture()
        try await memoir.inRow()
        for later in memoir.newestFirst { #expect(try await later.undo().lacking.isEmpty) }
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test("puts a JSON null back where a cover took its place, also where it has become another since")
    func jsonNulls() async throws {
        let memoir = try await memoir()
        let odd = "id in (select id from chapters order by id limit 12)"
        try await memoir.psql("update chapters set cover_image = 'null' where \(odd)")
        let before = try await memoir.psql("select id, cover_image from chapters order by id")
        try await memoir.run()
        let covered = "select count(*) filter (where \(odd)), count(*) from chapters where cover_image <> 'null'"
        let counts = try await memoir.psql(covered)
        try await memoir.psql("update chapters set images = '[\"other.jpg\"]' where cover_image <> 'null'")
        try await memoir.catchUp()
        #expect(try await memoir.psql(covered) == counts && !counts.hasPrefix("0|"), "\(counts)")
        #expect(try await memoir.psql("select distinct cover_image from chapters").contains("other.jpg"))
        // One that has none any more has none as it had before.
        try await memoir.psql(
            "update chapters set images = null, content = '[\"x\"]' where id in (select id from chapters where cover_image <> 'null' order by id limit 1)"
        )
        try await memoir.catchUp()
        try await memoir.undo()
        #expect(try await memoir.psql("select id, cover_image from chapters order by id") == before)
    }

    @Test("leaves rows that were adopted, covers that were set, and rows of chapters that it never saw")
    func others() async throws {
        let memoir = try await memoir()
        // Three chapters were migrated before, by the same rules; one has a cover of its own.
        let model = try await Memoir(25)
        try await model.run()
        let rows = try await insertions(from: model, of: [1, 3, 5].map { Memoir.key($0) })
        try await memoir.psql(
            rows + "update chapters set cover_image = '{\"url\": \"own.jpg\"}' where id = \(Memoir.key(6))")
        let before = try await memoir.psql("table chapter_sections order by id; table chapters order by id")
        let result = try await memoir.run()
        #expect(result.rows?.adopted == 3)
        #expect(try await memoir.psql("select count(*) from etl.found_rows") == "3")
        let late = "gen_random_uuid()"
        try await memoir.psql(
            """
            with chapter as (insert into chapters (id, content) values (\(late), '["late"]') returning id)
            insert into chapter_sections (id, chapter_id, order_index, content) select \(late), id, 0, 'late' from chapter
            """)
        try await memoir.undo()
        #expect(try await memoir.psql("delete from chapters where content = '[\"late\"]' returning 'late'") == "late")
        #expect(
            try await memoir.psql("delete from chapter_sections where content = 'late' returning 'late'") == "late")
        #expect(
            try await memoir.psql("table chapter_sections order by id; table chapters order by id") == before)
    }

    @Test("leaves rows that catching up, or trying a reject again, found there already")
    func foundLater() async throws {
        let ids = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"]
        func insert(_ contents: [String]) -> String {
            zip(ids, contents).map { "insert into chapters (id, content) values ('\($0)', '\($1)');" }.joined()
        }
        // The application writes the sections of two chapters by itself, by the same rules.
        let model = try await Memoir(1)
        try await model.psql(insert(["[\"new\"]", "[\"mended\"]"]))
        try await model.run()
        let rows = try await insertions(from: model, of: ids.map { "'\($0)'" })
        let memoir = try await memoir()
        try await memoir.psql("insert into chapters (id, content) values ('\(ids[1])', '7')")
        #expect(try await memoir.run().summary.openRejects == 1)
        try await memoir.psql(
            "insert into chapters (id, content) values ('\(ids[0])', '[\"new\"]'); "
                + "update chapters set content = '[\"mended\"]' where id = '\(ids[1])';" + rows)
        #expect(try await memoir.retry().resolved == 1)
        #expect(try await memoir.catchUp()["sections"]?.new == 1)
        #expect(try await memoir.psql("select sum(adopted) from etl.chunks where stage = 'sections'") == "2")
        try await memoir.undo()
        #expect(try await memoir.psql("select content from chapter_sections order by content") == "mended\nnew")
    }

    @Test("refuses to remove a row that was changed since, unless that is allowed")
    func changed() async throws {
        let memoir = try await memoir()
        let before = try await memoir.picture()
        try await memoir.run()
        try await memoir.psql(
            "update chapter_sections set content = 'edited' where chapter_id = \(Memoir.key(2)) and order_index = 1")
        let state = try await memoir.state().split(separator: "\n").dropLast()
        let failure = try await memoir.failure { try await memoir.undo() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "1 row or value came or changed since the run wrote them")
        #expect(failure.details.first?.hasPrefix("public.chapter_sections, key ") == true)
        #expect(
            failure.next?.hasSuffix("etl undo chapter-sections --confirm \(memoir.database.name) --discard-new") == true
        )
        #expect(try await memoir.state().split(separator: "\n").dropLast() == state)
        try await memoir.undo(discardsNew: true)
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test("leaves a cover that somebody else has set since, and says so")
    func cover() async throws {
        let memoir = try await memoir()
        try await memoir.run()
        try await memoir.psql("update chapters set cover_image = '\"new.jpg\"' where id = \(Memoir.key(3))")
        let result = try await memoir.undo()
        #expect(
            result.lacking == [
                "1 values of chapters.cover_image were set by the run and changed by others since; they stay"
            ])
        #expect(
            try await memoir.psql("select cover_image from chapters where cover_image is not null") == "\"new.jpg\"")
    }

    @Test("goes on with the chunks that are left; nothing else is done for the run in between")
    func halfway() async throws {
        let memoir = try await memoir(60)
        let before = try await memoir.picture()
        try await memoir.run()
        let stopper = Interruption()
        let held = try await HeldTransaction(
            in: memoir,
            "update chapter_sections set content = content where chapter_id = (select id from chapters order by id desc limit 1)"
        )
        async let failure = memoir.failure { try await memoir.undo(interruption: stopper) }
        #expect(
            try await eventually {
                try memoir.database.psql("select count(*) > 0 from etl.chunks where state = 'todo'") == "t"
            })
        stopper.requestStop(signal: 15)
        try await held.commit()
        #expect(try await failure.kind == .stopped(signal: 15))
        for work in [{ try await memoir.run().hadNothingToDo }, { try await memoir.verify().hasPassed }] {
            let refusal = try await memoir.failure(of: work)
            #expect(refusal.kind == .refused)
            #expect(refusal.what == "pipeline chapter-sections is half undone")
            #expect(refusal.next == "finish that: etl undo chapter-sections")
        }
        try await memoir.undo()
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }
}
