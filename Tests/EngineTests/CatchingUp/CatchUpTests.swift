import Postgres
import Support
import Testing

@testable import Engine

@Suite("Catching up")
struct CatchUpTests {
    private static let pipelines = ["chapter-sections", "memoir-images", "section-image-id"]

    /// Chapters after the whole workflow; every third one has a picture and a cover.
    private func done(
        _ rows: Int = 30, key: Memoir.KeyType = .uuid, limits: BatchLimits = BatchLimits(rows: 10, workers: 2)
    ) async throws -> Memoir {
        let memoir = try await Memoir(rows, key: key, limits: limits)
        try await memoir.inRow()
        return memoir
    }

    /// What an uninterrupted workflow makes of the chapters as they are now, covers that were there before aside.
    private func expected(from memoir: Memoir, key: Memoir.KeyType = .uuid) async throws -> String {
        let other = try await Memoir(0, key: key)
        let rows = try await memoir.psql(
            "select string_agg(format('(%L, %L::jsonb, %L::jsonb)', id, content, images), ',') from chapters")
        try await other.psql("insert into chapters (id, content, images) values \(rows)")
        try await other.inRow()
        return try await other.everyRow()
    }

    @Test("ends where a run on the chapters as they are now would have ended", arguments: Memoir.KeyType.allCases)
    func equalsARun(key: Memoir.KeyType) async throws {
        let memoir = try await done(key: key)
        try await memoir.psql(Memoir.changes(key: key))
        let changes = try await memoir.catchUp()
        #expect(changes["sections"] == SourceChanges(new: 6, changed: 8, vanished: 2))
        #expect(try await memoir.everyRow() == expected(from: memoir, key: key))
        let counts = "select sum(read), sum(migrated), sum(empty), sum(rejected), sum(gone) from etl.chunks where stage"
        #expect(try await memoir.psql("\(counts) = 'sections'") == "36|32|1|1|2")
        #expect(
            try await memoir.psql(
                "select sum(target_rows) = (select count(*) from chapter_sections) from etl.chunks where stage = 'sections'"
            )
                == "t")
        #expect(try await memoir.psql("select state, code from etl.rejects") == "open|bad-section")
        // All of it is seen now, by every stage.
        for pipeline in Self.pipelines { #expect(try await memoir.of(pipeline).run().changes == SourceChanges()) }
        #expect(try await memoir.catchUp().values.allSatisfy(\.isEmpty))
    }

    @Test("leaves the rows of sections that did not change, and their pictures, untouched")
    func untouched() async throws {
        let memoir = try await done()
        let rows = """
            select s.xmin, s.id, m.xmin, m.id from chapter_sections s left join memoir_images m on m.section_id = s.id
             where s.chapter_id <> \(Memoir.key(3)) or s.order_index = 0 order by s.id
            """
        let before = try await memoir.psql(rows)
        try await memoir.psql(
            "update chapters set content = '[\"first of 3\", \"changed\"]' where id = \(Memoir.key(3))")
        try await memoir.catchUp()
        #expect(try await memoir.psql(rows) == before)
        #expect(
            try await memoir.psql(
                "select content from chapter_sections where chapter_id = \(Memoir.key(3)) and order_index = 1")
                == "changed")
    }

    @Test("renews a cover that is ours, takes it away with its picture, and leaves one that others have set")
    func covers() async throws {
        let memoir = try await done(12)
        try await memoir.psql(
            """
            update chapters set images = '["new.jpg"]' where id in (\(Memoir.key(3)), \(Memoir.key(6)));
            update chapters set cover_image = '{"url": "theirs"}' where id = \(Memoir.key(6));
            update chapters set images = null where id = \(Memoir.key(9))
            """)
        try await memoir.catchUp()
        let covers = """
            select coalesce(cover_image ->> 'url', '-') from chapters
             where id in (\(Memoir.key(3)), \(Memoir.key(6)), \(Memoir.key(9))) order by content::text
            """
        #expect(try await memoir.psql(covers) == "new.jpg\ntheirs\n-")
        // What is ours is known afterwards, too.
        try await memoir.psql("update chapters set images = '[\"newer.jpg\"]' where images is not null")
        try await memoir.catchUp()
        #expect(try await memoir.psql(covers) == "newer.jpg\ntheirs\n-")
        #expect(
            try await memoir.psql("select url from memoir_images where section_id is null order by url")
                == "newer.jpg\nnewer.jpg\ntheirs")
    }

    @Test("settles the reject of a chapter that was mended, and of one that is gone")
    func rejects() async throws {
        let memoir = try await Memoir(10)
        try await memoir.psql("update chapters set content = '[1]' where id in (\(Memoir.key(2)), \(Memoir.key(4)))")
        try await memoir.run()
        try await memoir.psql(
            """
            update chapters set content = '["good"]' where id = \(Memoir.key(2));
            delete from chapters where id = \(Memoir.key(4))
            """)
        let changes = try await memoir.catchUp()
        #expect(changes["sections"] == SourceChanges(new: 0, changed: 1, vanished: 1))
        #expect(try await memoir.psql("select state, count(*) from etl.rejects group by 1") == "resolved|2")
        #expect(
            try await memoir.psql("select read, migrated, rejected, gone from etl.chunks where stage = 'sections'")
                == "10|9|0|1")
    }

    @Test("takes no more than it may hold in a transaction, however much of a chunk changed")
    func parts() async throws {
        let memoir = try await Memoir(3, limits: BatchLimits(rows: 10_000, bytes: 4000, workers: 1))
        try await memoir.run()
        try await memoir.psql(
            """
            \(Memoir.chapters(4...900))
            create table commits (at xid8 default pg_current_xact_id());
            create function note() returns trigger language plpgsql as $$ begin
                insert into commits default values; return null; end $$;
            create trigger note after insert on chapter_sections for each statement execute function note();
            """)
        #expect(try await memoir.catchUp()["sections"]?.new == 897)
        let rows = try await memoir.psql("select count(*) from chapter_sections")
        #expect(rows == "2100")
        #expect(Int(try await memoir.psql("select count(distinct at) from commits")) ?? 0 > 5)
        #expect(try await memoir.verify().counts == ["equal": 900])
    }

    @Test("rejects the one row that the server refuses among those that changed, and what it gave before goes")
    func refusedRow() async throws {
        let memoir = try await done()
        try await memoir.psql(
            """
            alter table chapter_sections add check (content <> 'bad');
            update chapters set content = '["fine"]' where id = \(Memoir.key(1));
            update chapters set content = '["bad"]' where id = \(Memoir.key(3));
            \(Memoir.chapters(31...33))
            """)
        try await memoir.catchUp()
        #expect(try await memoir.psql("select code, state from etl.rejects") == "refused-by-server|open")
        #expect(
            try await memoir.psql("select count(*) from chapter_sections where chapter_id = \(Memoir.key(3))") == "0")
        #expect(try await memoir.psql("select cover_image is null from chapters where id = \(Memoir.key(3))") == "t")
        #expect(try await memoir.verify().counts == ["equal": 32, "rejected": 1])
    }

    @Test("is refused where a later pipeline has dropped what new rows need, and says what brings it back")
    func droppedTarget() async throws {
        let memoir = try await done()
        try await memoir.of("section-image-id").drop()
        #expect(try await memoir.catchUp()["sections"] == SourceChanges())
        try await memoir.psql("update chapters set content = '[\"new\"]' where id = \(Memoir.key(3))")
        let failure = try await memoir.failure { try await memoir.catchUp() }
        #expect(failure.kind == .refused)
        #expect(failure.next?.contains("etl undo section-image-id") == true)
        #expect(failure.what.contains("public.chapter_sections has no column image"))
    }

    @Test("has nothing to read where the columns were dropped, and says so")
    func droppedSource() async throws {
        let memoir = try await done()
        try await memoir.drop()
        try await memoir.psql(
            "update chapters set cover_image = '{\"url\": \"later.jpg\"}' where id = \(Memoir.key(1))")
        let changes = try await memoir.catchUp()
        #expect(changes["sections"] == SourceChanges())
        #expect(changes["covers"]?.changed == 1)
        #expect(try await memoir.psql("select count(*) from memoir_images where url = 'later.jpg'") == "1")
    }

    @Test("keeps its hands off rows that somebody else made for chapters it never saw, unless it is told what to do")
    func strangers() async throws {
        let memoir = try await Memoir(5)
        try await memoir.run()
        try await memoir.psql(
            """
            \(Memoir.chapters(6...7));
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), \(Memoir.key(7)), 0, 'theirs')
            """)
        let rows =
            "select string_agg(content, ',' order by order_index) from chapter_sections where chapter_id = \(Memoir.key(7))"
        let failure = try await memoir.failure { try await memoir.catchUp() }
        #expect(failure.kind == .refused)
        #expect(failure.next?.contains("--on-existing keep or --on-existing replace") == true)
        // What is refused there a verification finds, and leaves as it is.
        let verified = try await memoir.verify()
        #expect(verified.counts["stale"] == 2 && verified.counts["equal"] == 5, "\(verified.counts)")
        #expect(try await memoir.psql(rows) == "theirs")
        try await memoir.catchUp(existing: .keep)
        #expect(try await memoir.psql(rows) == "theirs")
        #expect(try await memoir.psql("select kept, migrated from etl.chunks where stage = 'sections'") == "1|7")
    }

    @Test("replaces such rows when it is told to")
    func strangersReplaced() async throws {
        let memoir = try await Memoir(5)
        try await memoir.run()
        try await memoir.psql(
            """
            \(Memoir.chapters(7...7));
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), \(Memoir.key(7)), 0, 'theirs')
            """)
        try await memoir.catchUp(existing: .replace)
        #expect(
            try await memoir.psql(
                "select string_agg(content, ',' order by order_index) from chapter_sections where chapter_id = \(Memoir.key(7))"
            )
                == "first of 7,second")
        #expect(try await memoir.verify().counts == ["equal": 6])
    }

    @Test("does not take an emptied table for one whose rows were deleted")
    func emptied() async throws {
        let memoir = try await Memoir(10)
        try await memoir.run()
        try await memoir.psql(
            "alter table chapter_sections drop constraint chapter_sections_chapter_id_fkey; truncate chapters")
        let failure = try await memoir.failure { try await memoir.catchUp() }
        #expect(failure.kind == .refused)
        let rows = try await memoir.psql("select count(*) from chapter_sections")
        #expect(rows == "23")
    }

    @Test("finds rows whose transactions began before a chunk was done and were committed after it")
    func outOfOrder() async throws {
        let memoir = try await Memoir(20, key: .bigint)
        try await memoir.run(until: "tables")
        let application = try await HeldTransaction(
            in: memoir, "insert into chapters (id, content) values (-5, '[\"early\"]'), (7000, '[\"late\"]')")
        try await memoir.run(until: "sections")
        try await application.commit()
        #expect(try await memoir.run().outcomes == [22, 22, 0, 0, 0])
        #expect(
            try await memoir.psql("select content from chapter_sections where chapter_id in (-5, 7000) order by 1")
                == "early\nlate")
    }

    @Test("goes on where it was stopped")
    func stopped() async throws {
        let memoir = try await done()
        try await memoir.psql("update chapters set content = '[\"new\"]'")
        let interruption = Interruption()
        interruption.requestStop(signal: 15)
        let failure = try await memoir.failure { try await memoir.catchUp(interruption) }
        #expect(failure.kind == .stopped(signal: 15))
        try await memoir.catchUp()
        #expect(try await memoir.everyRow() == expected(from: memoir))
    }
}
