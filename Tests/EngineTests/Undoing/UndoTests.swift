import Postgres
import Support
import Testing

@testable import Engine

@Suite("Undoing")
struct UndoTests {
    /// Chapters with an application's own decorations on the columns that are dropped.
    private func decorated(
        _ key: Memoir.KeyType = .uuid, content: String = "jsonb", images: String = "jsonb"
    ) async throws -> Memoir {
        let memoir = try await Memoir(25, key: key, documents: content)
        let length = content == "text" ? "length(content)" : "length(content::text)"
        // Servers before 15 have tablespaces only where somebody has made a directory for them.
        let space = TestServer.major >= 15 ? "tablespace \"Space of \(memoir.database.name)\"" : ""
        if !space.isEmpty {
            try await memoir.psql("set allow_in_place_tablespaces = on; create \(space) location ''")
        }
        try await memoir.psql(
            """
            alter table chapters alter column images type \(images) using images::text::\(images);
            create role reader_of_\(memoir.database.name);
            alter table chapters alter column content set storage external, alter column content set default '["new"]',
                  alter column content set not null, alter column content set compression pglz,
                  alter column images set statistics 7,
                  alter column images set (n_distinct = 5), add column title text,
                  add constraint "few words" check (\(length) < 100000);
            comment on column chapters.content is 'It''s the body';
            comment on constraint "few words" on chapters is 'They''d not fit';
            create index on chapters (title, md5(content::text)) \(space) where images is not null;
            create unique index "of content" on chapters (id, md5(content::text));
            comment on index "of content" is E'Finds what\\nis said';
            alter index "of content" alter column 2 set statistics 55;
            alter table chapters cluster on "of content",
                  add constraint "no twins" unique (\(images == "json" ? "content" : "images"), id) with (fillfactor = 60)
                  \(space.isEmpty ? "" : "using index \(space)");
            comment on constraint "no twins" on chapters is 'Each picture once';
            comment on index "no twins" is 'It keeps the order';
            create statistics chapters_statistics on (md5(content::text)), title from chapters;
            alter statistics chapters_statistics set statistics 77;
            comment on statistics chapters_statistics is 'Said together';
            grant select (images), update (content) on chapters to reader_of_\(memoir.database.name)
            """)
        // There is no order among values of type json.
        if content != "json" {
            try await memoir.psql(
                """
                create unique index "by content" on chapters (id, content);
                alter table chapters replica identity using index "by content"
                """)
        }
        return memoir
    }

    @Test(
        "the three pipelines with both drops leaves the database as it was before them",
        arguments: [
            (Memoir.KeyType.uuid, "jsonb", "text"), (.text, "text", "json"), (.varchar, "json", "jsonb"),
            (.bigint, "text", "text"),
        ])
    func everything(key: Memoir.KeyType, content: String, images: String) async throws {
        let memoir = try await decorated(key, content: content, images: images)
        let before = try await memoir.picture()
        try await memoir.drop(memoir.consent())
        try await memoir.of("memoir-images").run()
        try await memoir.of("section-image-id").drop()
        for later in memoir.newestFirst {
            let result = try await later.undo()
            #expect(result.lacking.isEmpty)
            #expect(!result.hadNothingToDo)
        }
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
        for later in memoir.newestFirst { #expect(try await later.undo(confirming: false).hadNothingToDo) }
        #expect(
            try await memoir.psql("select distinct state from etl.stages; select count(*) from etl.archives")
                == "pending\n0")
    }

    @Test("and dropping need no language but SQL, as running does")
    func withoutLanguage() async throws {
        let memoir = try await Memoir(12)
        try await memoir.psql("drop extension plpgsql")
        let before = try await memoir.picture()
        try await memoir.drop()
        try await memoir.of("memoir-images").run()
        try await memoir.of("section-image-id").drop()
        #expect(try await memoir.verify().hasPassed)
        for later in memoir.newestFirst { #expect(try await later.undo().lacking.isEmpty) }
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test(
        "leaves what somebody writes to after it was looked at, and tells of it when it is done again",
        arguments: [
            ("chapter-sections", "table public.chapter_sections", "content = 'edited'"),
            ("section-image-id", "column public.chapter_sections.image_id", "image_id = null"),
        ])
    func writtenMeanwhile(pipeline: String, what: String, edit: String) async throws {
        let all = try await Memoir(25)
        let memoir = all.of(pipeline)
        if pipeline == "section-image-id" { try await all.inRow() } else { try await memoir.run() }
        let database = memoir.database
        let recorder = Recorder { event in
            // The keys have gone, the table or the column has not.
            guard case .notice(let done) = event, done.hasPrefix("constraints: ") else { return }
            #expect(throws: Never.self) {
                try database.psql(
                    "update chapter_sections set \(edit) where id = (select id from chapter_sections where image is not null limit 1)"
                )
            }
        }
        let failure = try await memoir.failure { try await memoir.undo(reporter: recorder) }
        #expect(failure.kind == .refused)
        #expect(failure.what == "\(what) was written to since it was looked at, and is left as it is")
        let edited = edit.replacing("image_id = null", with: "image_id is null and image is not null")
        #expect(try await memoir.psql("select count(*) from chapter_sections where \(edited)") == "1")
        let again = try await memoir.failure { try await memoir.undo() }
        #expect(again.what == "1 row or value came or changed since the run wrote them")
        #expect(try await !memoir.undo(discardsNew: true).hadNothingToDo)
    }

    @Test("of a run that was undone before, and killed before its last step, is brought to its end")
    func killedAtTheEnd() async throws {
        let memoir = try await Memoir(10)
        try await memoir.run()
        try await memoir.undo()
        try await memoir.run()
        try await memoir.undo()
        // As if the process had been killed before it closed the run.
        try await memoir.psql(
            """
            update etl.runs set state = 'undoing';
            delete from etl.audit where id = (select max(id) from etl.audit where act = 'undone')
            """)
        #expect(try await memoir.failure { try await memoir.run() }.what == "pipeline chapter-sections is half undone")
        try await memoir.undo()
        #expect(try await memoir.psql("select act from etl.audit order by id desc limit 1") == "undone")
        #expect(try await !memoir.run().hadNothingToDo)
    }

    @Test("and finds done what was committed though the answers to its commits were lost")
    func answersLost() async throws {
        let (memoir, calm) = (try await decorated(), try await decorated())
        let before = try await memoir.picture()
        let recorder = Recorder()
        for (one, disturbed) in [(memoir, try memoir.losingAnswers()), (calm, calm)] {
            try await one.drop()
            try await one.of("memoir-images").run()
            try await one.of("section-image-id").run()
            for later in disturbed.newestFirst { try await later.undo(reporter: recorder) }
        }
        #expect(recorder.retries.count > 40)
        #expect(recorder.retries.allSatisfy { $0.hasPrefix("the outcome of COMMIT was not heard: ") })
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
        // What it said is in the audit.
        let said = """
            select distinct pipeline, detail from etl.audit where act in ('undo', 'undone') and detail !~ '^confirmed'
            """
        let (mine, theirs) = (try await memoir.psql(said), try await calm.psql(said))
        #expect(Memoir.differences(theirs, mine) == [])
    }

    @Test("and running again ends as one run")
    func again() async throws {
        let memoir = try await Memoir(25)
        let once = try await Memoir(25)
        for one in [memoir, once] {
            try await one.inRow()
        }
        for later in memoir.newestFirst { try await later.undo() }
        try await memoir.inRow()
        let content = "select id, image_id from chapter_sections order by id; table memoir_images order by id"
            .replacing("table memoir_images", with: "select id, section_id, chapter_id, url from memoir_images")
        #expect(try await memoir.content() == once.content())
        #expect(try await memoir.psql(content) == once.psql(content))
        #expect(try await memoir.verify().hasPassed)
        #expect(try await memoir.run().hadNothingToDo)
    }

    @Test("and stopped before the column goes that a batch has filled, it goes on")
    func stoppedBeforeColumn() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        let before = try await memoir.picture()
        let last = memoir.of("section-image-id")
        try await last.run()
        let reader = try await HeldTransaction(in: memoir, "select count(*) from chapter_sections")
        let interruption = Interruption()
        let recorder = Recorder { event in
            if case .retrying = event { interruption.requestStop(signal: 15) }
        }
        let failure = try await memoir.failure { try await last.undo(reporter: recorder, interruption: interruption) }
        #expect(failure.kind == .stopped(signal: 15))
        try await reader.commit()
        #expect(try await last.undo().lacking.isEmpty)
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test("is refused while a later pipeline stands, with the order; and with no word written")
    func order() async throws {
        let memoir = try await Memoir(12)
        try await memoir.inRow()
        let before = try await memoir.everything()
        let failure = try await memoir.failure { try await memoir.undo() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "what section-image-id and memoir-images did rests on chapter-sections")
        #expect(
            failure.next
                == "in this order: etl undo section-image-id; etl undo memoir-images; etl undo chapter-sections")
        #expect(try await memoir.everything() == before)
        try await memoir.of("section-image-id").undo()
        try await memoir.of("memoir-images").undo()
        try await memoir.undo()
    }

    @Test("needs the database's name where something is removed")
    func confirmation() async throws {
        let memoir = try await Memoir(12)
        #expect(try await memoir.undo(confirming: false).hadNothingToDo)
        try await memoir.run()
        let before = try await memoir.everything()
        let failure = try await memoir.failure { try await memoir.undo(confirming: false) }
        #expect(failure.kind == .refused)
        #expect(failure.next == "etl undo chapter-sections --confirm \(memoir.database.name)")
        #expect(try await memoir.everything() == before)
    }

    @Test("is written down stage by stage")
    func audit() async throws {
        let memoir = try await Memoir(12)
        try await memoir.drop()
        try await memoir.undo()
        #expect(
            try await memoir.psql("select act, detail from etl.audit where act like 'und%' order by id") == """
                undo|confirmed for database \(memoir.database.name)
                undo|stage drop-old-columns: content, images back in public.chapters
                undo|stage drop-old-columns: content, images back in public.chapters, 12 rows
                undo|stage verify: nothing to take back
                undo|stage constraints: removed constraint chapter_sections_chapter_id_fkey on public.chapter_sections, \
                constraint chapter_sections_chapter_id_order_index_key on public.chapter_sections, constraint \
                chapter_sections_pkey on public.chapter_sections
                undo|stage sections: what it wrote went with it
                undo|stage tables: removed column public.chapters.cover_image, table public.chapter_sections
                undo|stage preflight: nothing to take back
                undone|as before the run
                """)
        #expect(
            try await memoir.psql("select created from etl.stages where kind = 'retire'")
                == "{\"table etl.archive_1_drop_old_columns\"}")
    }
}
