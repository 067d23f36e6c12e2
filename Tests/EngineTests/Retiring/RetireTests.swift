import Postgres
import Support
import Testing

@testable import Engine

@Suite("Dropping columns")
struct RetireTests {
    @Test("drops them once everything is verified, archives them, and has nothing to do the second time")
    func fresh() async throws {
        let memoir = try await Memoir(25)
        let recorder = Recorder()
        let before = try await memoir.psql("select id, content, images from chapters order by id")
        let result = try await memoir.drop(reporter: recorder)
        #expect(result.summary.state == "done")
        #expect(recorder.stagesBegun.suffix(2) == ["verify", "drop-old-columns"])
        #expect(
            recorder.notices.last?.hasPrefix(
                "dropped content, images of public.chapters; 25 rows of them are kept in etl.archive_1_drop_old_columns; "
                    + "the table was locked for ") == true)
        #expect(try await memoir.columns() == "id cover_image")
        #expect(
            try await memoir.psql("select id, content, images from etl.archive_1_drop_old_columns order by id")
                == before)
        let again = try await memoir.drop()
        #expect(again.hadNothingToDo)
        #expect(try await memoir.run().hadNothingToDo)
        #expect(
            try await memoir.psql("select count(*) from pg_class where relkind = 'r' and relname like 'archive\\_%'")
                == "1")
    }

    @Test("is written down: what, from where, how many rows, and what was made")
    func record() async throws {
        let memoir = try await Memoir(12)
        try await memoir.drop()
        #expect(
            try await memoir.psql(
                "select relation, source_schema, source_table, key, rows, dependents from etl.archives")
                == "archive_1_drop_old_columns|public|chapters|{id}|12|{}")
        #expect(
            try await memoir.psql(
                """
                select a.seen_sum = (select sum(hashtextextended(id::text collate "C", row_xmin))
                                       from etl.archive_1_drop_old_columns) from etl.archives a
                """) == "t")
        #expect(
            try await memoir.psql("select detail from etl.audit where act = 'drop'")
                == "content, images of public.chapters, 12 rows, archived in etl.archive_1_drop_old_columns; "
                + "confirmed for database \(memoir.database.name)")
        #expect(
            try await memoir.psql("select state, created from etl.stages where kind = 'retire'")
                == "done|{\"table etl.archive_1_drop_old_columns\"}")
    }

    @Test("keeps no archive where none is wanted, and says so in the audit")
    func noArchive() async throws {
        let memoir = try await Memoir(12)
        let recorder = Recorder()
        try await memoir.drop(memoir.consent(keepsArchive: false), reporter: recorder)
        #expect(
            recorder.notices.last?.hasPrefix(
                "dropped content, images of public.chapters; no archive was made, as asked; ") == true)
        #expect(try await memoir.columns() == "id cover_image")
        #expect(try await memoir.psql("select relation is null, rows from etl.archives") == "t|12")
        #expect(
            try await memoir.psql("select detail from etl.audit where act = 'drop'")
                == "content, images of public.chapters, 12 rows, without an archive; "
                + "confirmed for database \(memoir.database.name)")
        #expect(try await memoir.psql("select count(*) from pg_class where relname like 'archive_1%'") == "0")
    }

    @Test("works with every type of key", arguments: Memoir.KeyType.allCases)
    func keyTypes(key: Memoir.KeyType) async throws {
        let memoir = try await Memoir(12, key: key)
        let before = try await memoir.psql(
            "select id, content, images, xmin::text::bigint + 0, pg_typeof(id) from chapters order by id")
        try await memoir.run(until: "tables")
        try await memoir.drop()
        let seen = "select id, content, images, row_xmin, pg_typeof(id) from etl.archive_1_drop_old_columns order by id"
        // Covers are written to the source, which gives these rows another xmin.
        let covered = try await memoir.psql("select id from chapters where cover_image is not null").split(
            separator: "\n")
        for (then, now) in zip(before.split(separator: "\n"), try await memoir.psql(seen).split(separator: "\n"))
        where !covered.contains(then.prefix { $0 != "|" }) {
            #expect(then == now)
        }
    }

    @Test("works in another schema, with names that need quotes")
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
        try await memoir.drop()
        #expect(try await memoir.columns(of: "\(memoir.schema.quoted).chapters") == "id cover_image")
        #expect(try await memoir.psql("select count(*) from \"the ledger\".archive_1_drop_old_columns") == "12")
        #expect(
            try await memoir.psql("select source_schema from \"the ledger\".archives") == memoir.schema.name)
        #expect(try await memoir.psql("select to_regnamespace('etl') is null") == "t")
        // The table of the same name in public is none of its business.
        #expect(try await memoir.columns() == "id content images")
    }

    @Test("has nothing to do where the columns were dropped by hand, and says so")
    func gone() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        try await memoir.of("section-image-id").run()
        try await memoir.psql("alter table chapter_sections drop column image")
        let recorder = Recorder()
        let other = memoir.of("section-image-id")
        try await other.drop(Consent(), reporter: recorder)
        #expect(recorder.stagesSkipped == ["public.chapter_sections has no column image any more"])
        #expect(
            try await memoir.psql("select state, skipped from etl.stages where kind = 'retire' and state <> 'pending'")
                == "done|public.chapter_sections has no column image any more")
        #expect(try await memoir.psql("select count(*) from etl.archives") == "0")
        #expect(try await other.drop().hadNothingToDo)
    }

    @Test("is refused where one of the columns was dropped by hand")
    func partlyGone() async throws {
        let project = try Project()
        var memoir = try await Memoir(12)
        memoir.project = project.directory
        try project.write("sql/check_chapters.sql", "select 'notice', 'looked'")
        try await memoir.run()
        try await memoir.psql("alter table chapters drop column images")
        let failure = try await memoir.failure { [memoir] in try await memoir.drop() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "public.chapters has content, but no column images any more")
        #expect(failure.next == "bring it back, or drop the other by hand as well")
        #expect(try await memoir.columns() == "id content cover_image")
    }

    @Test("drops sections' pictures once they are in memoir_images and their sections name them")
    func sectionImage() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        let before = try await memoir.psql("select id, image from chapter_sections order by id")
        try await memoir.of("section-image-id").drop()
        #expect(
            try await memoir.columns(of: "chapter_sections")
                == "id chapter_id order_index title content attributes created_at image_id")
        #expect(try await memoir.psql("select id, image from etl.archive_3_drop_section_image order by id") == before)
        #expect(try await memoir.psql("select count(*) from chapter_sections where image_id is not null") == "8")
        for pipeline in ["chapter-sections", "memoir-images", "section-image-id"] {
            #expect(try await memoir.of(pipeline).run().hadNothingToDo)
        }
        #expect(try await memoir.drop().summary.state == "done")
        #expect(try await memoir.columns() == "id cover_image")
    }
}
