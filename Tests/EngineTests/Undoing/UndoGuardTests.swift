import Postgres
import Support
import Testing

@testable import Engine

@Suite("What keeps a run from being undone")
struct UndoGuardTests {
    @Test(
        "are objects of others that are a part of its own or hang on them",
        arguments: [
            ("create view texts as select content from chapter_sections", "view public.texts"),
            (
                "create table notes (id int primary key, section uuid references chapter_sections (id))",
                "constraint notes_section_fkey on public.notes"
            ),
            ("alter table chapter_sections add column note text", "column public.chapter_sections.note"),
            ("create index by_title on chapter_sections (title)", "index public.by_title"),
            (
                "create trigger t before update on chapter_sections for each row execute function suppress_redundant_updates_trigger()",
                "trigger t on public.chapter_sections"
            ),
            ("create index covered on chapters ((cover_image ->> 'url'))", "index public.covered"),
            ("create view covers as select id, cover_image from chapters", "view public.covers"),
        ])
    func foreign(sql: String, name: String) async throws {
        let memoir = try await Memoir(6)
        try await memoir.run()
        try await memoir.psql(sql)
        let before = try await memoir.everything()
        let failure = try await memoir.failure { try await memoir.undo() }
        #expect(failure.kind == .refused)
        #expect(failure.what.hasPrefix("others made what depends on objects of this run: "))
        #expect(failure.what.contains(name), "\(failure.what)")
        #expect(failure.next == "drop or change them first")
        #expect(try await memoir.everything() == before)
    }

    @Test("are rows that came or changed since in a table that goes, until they may be discarded")
    func laterWrites() async throws {
        let memoir = try await Memoir(12)
        let before = try await memoir.picture()
        try await memoir.run()
        try await memoir.psql(
            """
            update chapter_sections set title = 'edited' where chapter_id = \(Memoir.key(2)) and order_index = 0;
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), \(Memoir.key(5)), 7, 'added');
            update chapters set cover_image = '"own.jpg"' where id = \(Memoir.key(1))
            """)
        let state = try await memoir.state().split(separator: "\n").dropLast()
        let failure = try await memoir.failure { try await memoir.undo() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "3 rows or values came or changed since the run wrote them")
        #expect(failure.details.count == 3)
        #expect(
            failure.next == """
                bring over what changed in the source with etl catch-up chapter-sections; keep elsewhere what others wrote; \
                to remove it with the rest: etl undo chapter-sections --confirm \(memoir.database.name) --discard-new
                """)
        #expect(try await memoir.state().split(separator: "\n").dropLast() == state)
        #expect(try await memoir.run().hadNothingToDo)
        try await memoir.undo(discardsNew: true)
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }

    @Test("are rows of chapters that came after the drop, told before anything is touched")
    func afterTheDrop() async throws {
        let memoir = try await Memoir(12)
        try await memoir.drop()
        try await memoir.psql(
            """
            insert into chapters (id) values (md5('late')::uuid);
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), md5('late')::uuid, 0, 'only here')
            """)
        let before = try await memoir.everything()
        let failure = try await memoir.failure { try await memoir.undo() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "1 row or value came or changed since the run wrote them")
        #expect(failure.next?.contains("catch-up") == false)
        #expect(try await memoir.everything() == before)
        let result = try await memoir.undo(discardsNew: true)
        #expect(result.lacking == ["public.chapters: 1 row that came after the drop has no content, images"])
    }

    @Test("is another table by the name of the one that was filled")
    func anotherTable() async throws {
        let memoir = try await Memoir(6)
        try await memoir.run()
        try await memoir.psql("drop table chapter_sections")
        try await memoir.psql(try await memoir.script("add_chapter_sections.sql"))
        let before = try await memoir.everything()
        let failure = try await memoir.failure { try await memoir.undo(discardsNew: true) }
        #expect(failure.kind == .refused)
        #expect(failure.what == "public.chapter_sections is another table than the one that stage sections filled")
        #expect(try await memoir.everything() == before)
    }

    @Test("is a script that destroyed what nobody knows how to bring back")
    func destroyed() async throws {
        let project = try Project()
        try project.edit(
            "pipelines/chapter-sections.json", "{ \"name\": \"verify\",",
            """
            { "name": "clean", "kind": "sql", "sql": "sql/clean.sql", "optional": true, "destructive": true },
            { "name": "verify",
            """)
        try project.write("sql/clean.sql", "delete from chapters where content is null")
        var memoir = try await Memoir(6)
        memoir.project = project.directory
        try await memoir.drop()
        let before = try await memoir.everything()
        let failure = try await memoir.failure { [memoir] in try await memoir.undo(discardsNew: true) }
        #expect(failure.kind == .refused)
        #expect(failure.what == "nobody knows how to take back what sql/clean.sql destroyed (stage clean)")
        #expect(try await memoir.everything() == before)
    }

    @Test("is another that works on it, and a run that works keeps it from being purged, too")
    func active() async throws {
        let memoir = try await Memoir(12)
        try await memoir.run(until: "tables")
        // Its cover cannot be set, and is waited for as long as a lost server would be.
        let held = try await HeldTransaction(
            in: memoir, "update chapters set content = content where id = \(Memoir.key(3))")
        async let run = memoir.run()
        try await memoir.waitForLock()
        async let undo = memoir.failure { try await memoir.undo(confirming: false) }
        async let purge = memoir.failure { try await memoir.purge() }
        #expect(try await undo.kind == .anotherRun)
        #expect(try await purge.kind == .anotherRun)
        try await held.commit()
        _ = try await run
    }

    @Test("a wrong name of the database")
    func wrongName() async throws {
        let memoir = try await Memoir(3)
        try await memoir.run()
        let failure = try await memoir.failure {
            try await blocking {
                let request = UndoRequest(
                    pipeline: try memoir.loaded(), schema: memoir.schema, later: [], database: "elsewhere")
                return try Undo(site: memoir.site(Recorder()), request: request).perform()
            }
        }
        #expect(failure.kind == .refused)
        #expect(failure.what == "--confirm names database elsewhere, but this is \(memoir.database.name)")
    }

    @Test("a run that stopped half-way is undone as far as it came", arguments: ["tables", "sections", "constraints"])
    func partial(stage: String) async throws {
        let memoir = try await Memoir(25)
        let before = try await memoir.picture()
        if stage == "sections" {
            try await memoir.stop(afterRows: 10)
        } else {
            try await memoir.run(until: stage)
        }
        try await memoir.undo()
        let differences = Memoir.differences(before, try await memoir.picture())
        #expect(differences == [], "\(differences)")
    }
}
