import Postgres
import Support
import Testing

@testable import Engine

@Suite("The whole workflow in one pass")
struct OnePassTests {
    @Test("drops the columns of one table and, in a run of its own, those of the other")
    func dropsApart() async throws {
        let memoir = try await Memoir(9).of("memoir")
        try await memoir.run()
        try await memoir.dropAll(["drop-old-columns"])
        #expect(try await memoir.columns(of: "chapter_sections").contains(" image "))
        try await memoir.dropAll(["pictures", "verify-pictures", "drop-section-image"])
        #expect(try await memoir.columns(of: "chapter_sections").contains(" image ") == false)
        #expect(try await memoir.columns() == "id cover_image")
    }

    @Test(
        "ends as the three pipelines in a row do: rows, ids, columns, indexes and constraints",
        arguments: Memoir.KeyType.allCases)
    func sameEnd(key: Memoir.KeyType) async throws {
        let inRow = try await Memoir.varied(key)
        try await inRow.inRow()
        let once = try await Memoir.varied(key).of("memoir")
        let result = try await once.run()
        #expect(result.summary.stages.filter { !$0.isOptional }.allSatisfy { $0.state == "done" })
        #expect(try await once.everyRow() == inRow.everyRow())
        #expect(try await once.definitions() == inRow.definitions())
        #expect(try await once.psql("select count(*) from chapter_sections where image_id is not null") != "0")
        #expect(
            try await once.psql(
                """
                select sum(target_rows) = (select count(*) from chapter_sections)
                                          + (select count(*) from memoir_images where section_id is not null)
                  from etl.chunks where stage = 'sections'
                """) == "t")
    }

    @Test("fills tables that have all of their foreign keys already, though each names the other's rows")
    func keysBefore() async throws {
        let model = try await Memoir.varied().of("memoir")
        try await model.run()
        let memoir = try await Memoir.varied().of("memoir")
        try await memoir.run(until: "tables")
        let keys = try await model.psql(
            """
            select format('alter table %s add constraint %I %s;', conrelid::regclass, conname, pg_get_constraintdef(oid))
              from pg_constraint where conrelid in ('chapter_sections'::regclass, 'memoir_images'::regclass)
             order by contype = 'f'
            """)
        try await memoir.psql(keys)
        try await memoir.run()
        #expect(try await memoir.everyRow() == model.everyRow())
    }

    @Test(
        "does right where the three ran and were forgotten: it adopts every row, and renews what differs when told to")
    func adopted() async throws {
        let memoir = try await Memoir.varied()
        try await memoir.inRow()
        let before = try await memoir.everyRow()
        try await memoir.psql("drop schema etl cascade")
        let once = memoir.of("memoir")
        let versions = "select ctid, xmin from chapter_sections order by id"
        let untouched = try await memoir.psql(versions)
        let result = try await once.run()
        #expect(result.rows.map { $0.adopted == $0.migrated } == true)
        #expect(try await memoir.psql(versions) == untouched)

        try await memoir.psql(
            """
            drop schema etl cascade; update chapter_sections set image_id = null;
            delete from memoir_images where section_id is not null and url like '%3.jpg'
            """)
        #expect(try await once.failure { try await once.run() }.kind == .refused)
        try await once.run(existing: .replace)
        #expect(try await memoir.everyRow() == before)
    }

    @Test("keeps all of a chapter's rows as they are where one differs and that is wanted")
    func kept() async throws {
        let memoir = try await Memoir(6).of("memoir")
        try await memoir.run()
        try await memoir.psql(
            """
            drop schema etl cascade; delete from memoir_images where chapter_id = \(Memoir.key(3)) and section_id is not null;
            delete from chapter_sections where chapter_id = \(Memoir.key(5))
            """)
        let result = try await memoir.run(until: "constraints", existing: .keep)
        #expect(result.rows?.kept == 1)
        #expect(
            try await memoir.psql("select count(*) from chapter_sections where chapter_id = \(Memoir.key(5))") == "2")
        let picture = "select count(image_id), count(*) from chapter_sections where chapter_id = \(Memoir.key(3))"
        #expect(try await memoir.psql(picture) == "0|3")
    }

    @Test("removes both kinds of rows of a chapter that vanished before the foreign keys, and counts it as gone once")
    func orphans() async throws {
        let memoir = try await Memoir(9).of("memoir")
        try await memoir.run(until: "covers")
        try await memoir.psql("delete from chapters where id in (\(Memoir.key(3)), \(Memoir.key(4)))")
        let result = try await memoir.run()
        #expect(result.outcomes == [9, 7, 0, 0, 2])
        #expect(try await memoir.psql("select count(distinct chapter_id) from chapter_sections") == "7")
        #expect(try await memoir.psql("select count(*) from memoir_images") == "4")
        #expect(
            try await memoir.psql(
                "select sum(target_rows), sum(gone) from etl.chunks where stage in ('sections', 'covers')")
                == "\(7 * 2 + 2 + 2 + 2)|4")
    }

    @Test("tells what was planted in either table, and a picture's id that is not the section's")
    func verified() async throws {
        let memoir = try await Memoir(9).of("memoir")
        try await memoir.run()
        #expect(try await memoir.verify().hasPassed)
        for (planted, table) in [
            ("update memoir_images set caption = 'x' where section_id is not null", "memoir_images"),
            ("update chapter_sections set image_id = null", "chapter_sections"),
            ("delete from memoir_images where section_id is not null", "memoir_images"),
            ("update memoir_images set width = 1 where section_id is null", "memoir_images"),
        ] {
            let result = try await memoir.verified(after: planted)
            #expect(!result.hasPassed && result.differences.contains { $0.table == "public.\(table)" }, "\(planted)")
        }
    }
}
