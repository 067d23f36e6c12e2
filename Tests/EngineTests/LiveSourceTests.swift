import Postgres
import Support
import Testing

@testable import Engine

@Suite("A source that stays in use")
struct LiveSourceTests {
    private let covers =
        """
        select string_agg(coalesce(cover_image ->> 'url', '-'), ',' order by i) from chapters
         join generate_series(1, 12) i on id = md5(i::text)::uuid
        """

    @Test("gets covers where there is none, a JSON null included; one that is there stays")
    func covers() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql(
            """
            alter table chapters add cover_image jsonb;
            update chapters set cover_image = '{"url": "mine"}' where id in (\(Memoir.key(3)), \(Memoir.key(1)));
            update chapters set cover_image = 'null' where id = \(Memoir.key(6))
            """)
        try await memoir.run()
        #expect(try await memoir.psql(covers) == "mine,-,mine,-,-,6.jpg,-,-,9.jpg,-,-,12.jpg")
        #expect(try await memoir.run().changes == SourceChanges())
        // A bit for each row whose cover was written: chapters 6, 9 and 12.
        #expect(try await memoir.psql("select sum(bit_count(written)) from etl.chunks") == "3")
    }

    @Test("keeps what its application wrote while a chunk was in hand, which is counted as changed")
    func changedMeanwhile() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 100, workers: 1))
        try await memoir.run(until: "tables")
        // The row is written to after it was read and before its cover is written back.
        try await memoir.psql(
            """
            create function write_meanwhile() returns trigger language plpgsql as $$ begin
                update chapters set content = '["newer"]' where id = new.chapter_id;
                return null;
            end $$;
            create trigger write_meanwhile after insert on chapter_sections for each row
              when (new.chapter_id = \(Memoir.key(6)) and new.order_index = 0) execute function write_meanwhile();
            """)
        let result = try await memoir.run(until: "constraints")
        #expect(result.outcomes == [12, 12, 0, 0, 0])
        #expect(result.changes == SourceChanges(new: 0, changed: 1, vanished: 0))
        #expect(try await memoir.psql(covers) == "-,-,3.jpg,-,-,-,-,-,9.jpg,-,-,12.jpg")
        #expect(try await memoir.psql("select content from chapters where id = \(Memoir.key(6))") == "[\"newer\"]")
    }

    @Test("whose row the application holds is waited for, for as long as that takes")
    func heldMeanwhile() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 100, workers: 1))
        try await memoir.run(until: "tables")
        let application = try await HeldTransaction(
            in: memoir, "select from chapters where id = \(Memoir.key(6)) for update")
        let recorder = Recorder()
        async let run = memoir.run(reporter: recorder)
        // Not for longer than half a second at a time: rows of others are locked meanwhile.
        #expect(await eventually { !recorder.retries.isEmpty })
        try await application.commit()
        #expect(try await run.outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.psql(covers) == "-,-,3.jpg,-,-,6.jpg,-,-,9.jpg,-,-,12.jpg")
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("may lose chapters during the run: their sections go, they are counted as gone, and the sums add up")
    func deletedMeanwhile() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run(until: "sections")
        try await memoir.psql("delete from chapters where id in (\(Memoir.key(3)), \(Memoir.key(20)))")
        let recorder = Recorder()
        let result = try await memoir.run(reporter: recorder)
        #expect(result.outcomes == [25, 23, 0, 0, 2])
        #expect(result.rows?.targetRows == 53)
        #expect(recorder.notices == ["5 rows of chapter_sections removed: their parents are gone"])
        #expect(try await memoir.psql("select count(*), count(distinct chapter_id) from chapter_sections") == "53|23")
        #expect(
            try await memoir.psql(
                """
                select convalidated from pg_constraint
                 where contype = 'f' and conrelid = 'chapter_sections'::regclass
                """
            ) == "t")
        // Gone is their outcome; there is nothing left that differs.
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("may lose chapters after the run: their sections go with them")
    func deletedAfterwards() async throws {
        let memoir = try await Memoir(5)
        try await memoir.run()
        try await memoir.psql("delete from chapters where id = \(Memoir.key(3))")
        #expect(try await memoir.psql("select count(*) from chapter_sections") == "8")
    }

    @Test("has constraints found by what they demand, whatever they are called")
    func otherNames() async throws {
        let memoir = try await Memoir(5)
        try await memoir.run(until: "sections")
        try await memoir.psql(
            """
            alter table chapter_sections add constraint "Schlüssel" primary key (id);
            create unique index places on chapter_sections (chapter_id, order_index);
            alter table chapter_sections add constraint parent foreign key (chapter_id) references chapters
                on delete cascade
            """)
        try await memoir.run()
        let found = try await memoir.psql(
            """
            select string_agg(conname || ' ' || convalidated, ',' order by conname) from pg_constraint
             where conrelid = 'chapter_sections'::regclass and contype in ('p', 'u', 'f');
            select string_agg(relname, ',' order by relname) from pg_class join pg_index on indexrelid = oid
             where indrelid = 'chapter_sections'::regclass;
            select created from etl.stages where name = 'constraints'
            """)
        #expect(found == "Schlüssel true,parent true\nSchlüssel,places\n{}")
    }

    @Test("has a foreign key of another name made valid")
    func otherNameNotValid() async throws {
        let memoir = try await Memoir(5)
        try await memoir.run(until: "sections")
        try await memoir.psql(
            """
            alter table chapter_sections add constraint parent foreign key (chapter_id) references chapters
                on delete cascade not valid
            """)
        try await memoir.run()
        let found = try await memoir.psql(
            """
            select conname, convalidated from pg_constraint
             where conrelid = 'chapter_sections'::regclass and contype = 'f'
            """)
        #expect(found == "parent|t")
    }

    @Test("has an index rebuilt that a broken build left behind")
    func brokenIndex() async throws {
        let memoir = try await Memoir(5)
        try await memoir.run(until: "sections")
        _ = try? await memoir.psql(
            """
            insert into chapter_sections (id, chapter_id, order_index, content)
            select gen_random_uuid(), chapter_id, order_index, 'twice' from chapter_sections limit 1;
            create unique index concurrently chapter_sections_chapter_id_order_index_key
                on chapter_sections (chapter_id, order_index)
            """)
        try await memoir.psql("delete from chapter_sections where content = 'twice'")
        try await memoir.run()
        #expect(
            try await memoir.psql(
                """
                select bool_and(indisvalid), count(*) from pg_index
                 where indrelid = 'chapter_sections'::regclass
                """)
                == "t|2")
    }

    @Test("that is altered while a stage is at work stops the stage, and loses no row")
    func alteredMeanwhile() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run(until: "tables")
        // Rewrites the whole table as soon as the first chunk is committed.
        let altering = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere == 4 else { return }
            _ = try? memoir.database.psql("alter table chapters alter images type json")
        }
        let failure = try await memoir.failure { try await memoir.run(reporter: altering) }
        #expect(failure.kind == .failed && failure.what.contains("was altered while the stage was at work"))
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.content() == Memoir(12).migrated())
    }
}
