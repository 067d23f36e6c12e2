import Postgres
import Support
import Testing

@testable import Engine

@Suite("The memoir workflow")
struct WorkflowTests {
    private static let images = "memoir-images"
    private static let imageIDs = "section-image-id"

    /// Thirty chapters after the given pipelines; every third one has a picture and a cover.
    private func done(_ pipelines: [String], key: Memoir.KeyType = .uuid) async throws -> Memoir {
        let memoir = try await Memoir(30, key: key)
        for pipeline in ["chapter-sections"] + pipelines { try await memoir.of(pipeline).run() }
        return memoir
    }

    private func pictures(_ memoir: Memoir) async throws -> String {
        try await memoir.psql(
            """
            select id, chapter_id, section_id, url, caption, width, height, attributes from memoir_images order by id;
            select id, image_id from chapter_sections order by id
            """)
    }

    @Test(
        "makes a row of each cover and each picture, and lets sections name theirs",
        .enabled(if: ServerFeature.uuids.isThere, "the server has no uuid-ossp"), arguments: Memoir.KeyType.allCases)
    func whole(key: Memoir.KeyType) async throws {
        let memoir = try await done([Self.images, Self.imageIDs], key: key)
        #expect(
            try await memoir.psql(
                """
                create extension "uuid-ossp";
                with ns as (select '6f9d2c1e-0f0b-5a67-9d55-3f1c7f4e8a10'::uuid as id)
                select count(*) filter (where m.section_id is null), count(m.section_id), count(distinct m.url),
                       bool_and(m.id = case when m.section_id is null then uuid_generate_v5(ns.id, 'cover/' || m.chapter_id)
                                            else uuid_generate_v5(ns.id, 'section/' || m.section_id) end),
                       bool_and(m.section_id is null or s.chapter_id = m.chapter_id and s.image_id = m.id
                                and s.image ->> 'url' = m.url)
                  from ns, memoir_images m left join chapter_sections s on s.id = m.section_id
                """) == "10|10|10|t|t")
        #expect(
            try await memoir.psql("select count(*) from chapter_sections where (image is null) <> (image_id is null)")
                == "0")
        let keys = try await memoir.psql(
            """
            select conname from pg_constraint
             where conrelid in ('memoir_images'::regclass, 'chapter_sections'::regclass) and contype = 'f'
               and convalidated order by 1
            """)
        #expect(
            keys.split(separator: "\n") == [
                "chapter_sections_chapter_id_fkey", "chapter_sections_image_id_fkey", "memoir_images_chapter_id_fkey",
                "memoir_images_section_id_fkey",
            ])
    }

    @Test("says what comes first, and touches nothing, where it does not begin with it", arguments: [images, imageIDs])
    func needs(pipeline: String) async throws {
        let memoir = try await Memoir(3)
        let failure = try await memoir.failure { try await memoir.of(pipeline).run() }
        #expect(failure.kind == .refused)
        #expect(failure.next == "etl run \(pipeline == Self.images ? "chapter-sections" : Self.images)")
        #expect(try await memoir.psql("select count(*) from pg_namespace where nspname = 'etl'") == "0")
        try await memoir.run(until: "sections")
        let half = try await memoir.failure { try await memoir.of(Self.images).run() }
        #expect(half.what.contains("whose stage constraints is not done"))
    }

    @Test("finds nothing new in tables that its own later stages have written to")
    func ownWrites() async throws {
        let memoir = try await done([Self.images, Self.imageIDs])
        for pipeline in ["chapter-sections", Self.images, Self.imageIDs] {
            let again = try await memoir.of(pipeline).run()
            #expect(again.hadNothingToDo && again.changes == SourceChanges(), "\(pipeline)")
        }
        // What somebody else writes is still told.
        try await memoir.psql("update chapter_sections set title = 'new' where chapter_id = \(Memoir.key(3))")
        #expect(try await memoir.of(Self.images).run().changes == SourceChanges(new: 0, changed: 3, vanished: 0))
    }

    @Test("knows at once what its own stages wrote to the tables that they read, before anything is caught up with")
    func ownWritesAtOnce() async throws {
        let memoir = try await Memoir(5)
        func isKnown(_ stage: String, _ table: String) async throws -> Bool {
            try await memoir.psql(
                """
                select (select sum(seen_sum) from etl.chunks where stage = '\(stage)')
                     = (select sum(hashtextextended(id::text collate "C", xmin::text::bigint)) from \(table))
                """) == "t"
        }
        try await memoir.run(until: "sections")
        #expect(try await isKnown("sections", "chapters"))
        try await memoir.run()
        try await memoir.of(Self.images).run()
        try await memoir.of(Self.imageIDs).run(until: "backfill")
        #expect(try await isKnown("images", "chapter_sections"))
    }

    @Test("says so and succeeds where covers or the pictures of sections are gone already")
    func gone() async throws {
        let memoir = try await done([])
        try await memoir.psql("alter table chapters drop column cover_image")
        let images = memoir.of(Self.images)
        let recorder = Recorder()
        let result = try await images.run(reporter: recorder)
        #expect(result.summary.state == "done")
        #expect(recorder.notices.contains { $0.contains("chapters.cover_image is gone already") })
        #expect(try await memoir.psql("select count(*), count(section_id) from memoir_images") == "10|10")
        #expect(
            try await memoir.psql("select skipped from etl.stages where name = 'covers'")
                == "chapters.cover_image is gone already")
        try await memoir.psql("alter table chapter_sections drop column image")
        let ids = try await memoir.of(Self.imageIDs).run()
        #expect(ids.summary.state == "done")
        #expect(try await memoir.psql("select count(image_id) from chapter_sections") == "10")
        #expect(try await images.run().hadNothingToDo)
        #expect(try await images.verify().hasPassed)
    }

    @Test("succeeds at once where there is nothing left to make pictures of")
    func allGone() async throws {
        let memoir = try await done([])
        try await memoir.psql(
            "alter table chapters drop column cover_image; alter table chapter_sections drop column image")
        let result = try await memoir.of(Self.images).run()
        #expect(result.finishedReason?.contains("gone already") == true)
        #expect(try await memoir.of(Self.imageIDs).run().finishedReason?.contains("gone already") == true)
    }

    @Test("rejects a cover that is no picture, and migrates the others")
    func badCover() async throws {
        let memoir = try await done([])
        try await memoir.psql("update chapters set cover_image = '7' where id = \(Memoir.key(6))")
        let result = try await memoir.of(Self.images).run()
        #expect(result.summary.openRejects == 1)
        #expect(result.summary.rejectsByCode.map(\.code) == ["bad-images"])
        #expect(try await memoir.psql("select count(*) from memoir_images where section_id is null") == "9")
        try await memoir.psql("update chapters set cover_image = '\"c.jpg\"' where id = \(Memoir.key(6))")
        #expect(try await memoir.of(Self.images).retry().resolved == 1)
        #expect(try await memoir.of(Self.images).verify().counts == ["equal": 20, "empty": 80])
    }

    @Test("compares pictures that are there already, covers and sections each with their own")
    func existing() async throws {
        let memoir = try await done([Self.images])
        let before = try await memoir.psql("select ctid, xmin, * from memoir_images order by id")
        try await memoir.psql(
            """
            delete from etl.runs where pipeline = 'memoir-images';
            alter table memoir_images drop constraint memoir_images_section_id_fkey;
            """)
        let again = try await memoir.of(Self.images).run()
        #expect(again.summary.stages.compactMap(\.rows).map(\.adopted).prefix(2) == [10, 10])
        #expect(try await memoir.psql("select ctid, xmin, * from memoir_images order by id") == before)
        try await memoir.psql(
            """
            delete from etl.runs where pipeline = 'memoir-images';
            update memoir_images set caption = 'by hand' where section_id is not null and chapter_id = \(Memoir.key(3));
            """)
        let failure = try await memoir.failure { try await memoir.of(Self.images).run() }
        #expect(failure.kind == .refused && failure.place == "memoir-images, stage images")
    }

    @Test(
        "removes the pictures of chapters and sections that vanish before the foreign keys stand, and counts them as gone"
    )
    func vanished() async throws {
        let memoir = try await done([])
        let images = memoir.of(Self.images)
        try await images.run(until: "images")
        try await memoir.psql(
            """
            delete from chapters where id = \(Memoir.key(3));
            delete from chapter_sections where chapter_id = \(Memoir.key(6)) and image is not null
            """)
        let result = try await images.run()
        let rows = result.summary.stages.compactMap(\.rows)
        #expect(rows[0].gone == 1 && rows[0].migrated == 9)
        #expect(rows[1].gone == 4 && rows[1].migrated == 8)
        #expect(try await memoir.psql("select count(*), count(section_id) from memoir_images") == "17|8")
        #expect(try await images.verify().hasPassed)
    }

    @Test(
        "finds what is wrong with pictures and with what names them",
        arguments: [
            ("update memoir_images set caption = 'x' where section_id is not null and chapter_id = KEY", images),
            (
                "update memoir_images set attributes = '{\"n\": 1}' where section_id is null and chapter_id = KEY",
                images
            ),
            ("delete from memoir_images where section_id is null and chapter_id = KEY", images),
            ("update chapter_sections set image_id = null where chapter_id = KEY and image_id is not null", imageIDs),
            (
                """
                update chapter_sections set image_id = (select id from memoir_images where section_id is null and chapter_id = KEY)
                 where chapter_id = KEY and image_id is null and order_index = 0
                """, imageIDs
            ),
            ("update memoir_images set url = 'other' where section_id is not null and chapter_id = KEY", imageIDs),
        ])
    func wrong(harm: String, pipeline: String) async throws {
        let memoir = try await done([Self.images, Self.imageIDs])
        try await memoir.psql(harm.replacing("KEY", with: Memoir.key(3)))
        // Whoever writes to the section itself changes what the id is made from: that is caught up with.
        let isMended = harm.hasPrefix("update chapter_sections")
        let found = try await memoir.of(pipeline).asReader().verify()
        #expect(found.counts[isMended ? "stale" : "wrong"] == 1)
        #expect(!found.differences.isEmpty)
        let result = try await memoir.of(pipeline).verify()
        #expect(result.hasPassed == isMended)
        #expect(result.differences.isEmpty == isMended)
    }

    @Test("a batch that somebody holds up goes on when let, and one that the server refuses rejects the row")
    func batch() async throws {
        let memoir = try await done([Self.images])
        let ids = memoir.of(Self.imageIDs)
        try await ids.run(until: "column")
        try await memoir.psql(
            """
            create function calm() returns trigger language plpgsql as
                $$begin if new.chapter_id = \(Memoir.key(6)) and new.image_id is not null then
                      raise exception using errcode = '23514', message = 'not this one'; end if; return new; end$$;
            create trigger calm before update on chapter_sections for each row execute function calm()
            """)
        let held = try await HeldTransaction(
            in: memoir, "update chapter_sections set title = title where chapter_id = \(Memoir.key(3))")
        let recorder = Recorder { event in
            if case .retrying = event { Task { try? await held.commit() } }
        }
        let result = try await ids.run(until: "backfill", reporter: recorder)
        #expect(result.summary.rejectsByCode.map(\.code) == ["refused-by-server"])
        #expect(result.outcomes == [70, 69, 0, 1, 0])
        #expect(try await memoir.psql("select count(image_id) from chapter_sections") == "9")
        #expect(!recorder.retries.isEmpty)
    }
}
