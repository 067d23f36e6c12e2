import Engine
import Postgres
import Support
import Testing

@Suite("What a plan says")
struct PlanReportTests {
    @Test("before the first run everything is to do, and nothing is made")
    func beginning() async throws {
        let memoir = try await Memoir(25)
        let plan = try await memoir.plan()
        #expect(plan.stages.map(\.state) == [.toDo, .toDo, .toDo, .toDo, .toDo, .optional])
        #expect(plan.server.database == memoir.database.name)
        #expect(plan.stage("sections")?.chunks?.count == 3 && plan.stage("sections")?.chunks?.rows == 25)
        #expect(plan.grants.isEmpty && plan.refusals.isEmpty && plan.ledgerClosed == nil && plan.notes.isEmpty)
        #expect(try await memoir.psql("select to_regnamespace('etl') is null") == "t")
        #expect(try await memoir.psql("select count(*) from pg_class where relname ~ '^(etl|chapter_)'") == "0")
    }

    @Test("scripts are shown as written, with place and with the locks on tables that are there")
    func scripts() async throws {
        let plan = try await Memoir(1).plan()
        let statements = try #require(plan.stage("tables")?.statements)
        let last = try #require(statements.last)
        #expect(last.text == "alter table chapters add column if not exists cover_image jsonb")
        #expect(last.place == "sql/add_chapter_sections.sql:37")
        #expect(last.locks?.map(\.mode) == [.accessExclusive] && last.locks?.first?.extent == .moment)
        // Nobody can be working with a table that the script makes.
        #expect(statements.dropLast().allSatisfy { $0.locks?.allSatisfy { $0.mode == .accessShare } ?? false })
    }

    @Test("a plan of a begun run says what is left, and of a finished one that nothing is")
    func progress() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run(until: "tables")
        let begun = try await memoir.plan()
        #expect(begun.stages.map(\.state).dropFirst(2) == [.toDo, .toDo, .toDo, .optional])
        // Checks are made again before other work.
        #expect(begun.stage("preflight")?.state == .toDo)
        guard case .done = begun.stage("tables")?.state else { throw Unexpected(state: begun.stage("tables")?.state) }
        try await memoir.stop(afterRows: 1)
        let half = try await memoir.plan()
        #expect(half.stage("sections")?.state == .begun)
        #expect((half.stage("sections")?.chunks?.done ?? 0) > 0)
        try await memoir.run()
        let after = try await memoir.plan()
        #expect(after.isDone && after.samples.isEmpty && after.disk.items.isEmpty)
        #expect(after.stages.last?.state == .optional)
    }

    private struct Unexpected: Error { let state: PlannedStage.State? }

    @Test("only constraints that are lacking are built: plainly on a table that the run fills")
    func constraints() async throws {
        let memoir = try await Memoir(1)
        try await memoir.run(until: "tables")
        try await memoir.psql("alter table chapter_sections add constraint other_name primary key (id)")
        let stage = try #require(try await memoir.plan().stage("constraints"))
        #expect(stage.notes == ["chapter_sections_pkey is there already"])
        #expect(
            stage.statements.map { $0.text.split(separator: " ").prefix(3).joined(separator: " ") } == [
                #"alter table "public"."chapter_sections""#, #"alter table "public"."chapter_sections""#,
                #"alter table "public"."chapter_sections""#,
            ])
        #expect(
            stage.statements.map { $0.locks?.first?.mode } == [
                .accessExclusive, .shareRowExclusive, .shareUpdateExclusive,
            ])
        #expect(stage.statements.last?.text.contains("validate constraint") == true)
    }

    @Test("on a table with rows of others indexes are built concurrently, as the run does it")
    func live() async throws {
        let memoir = try await Memoir(3)
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            insert into chapter_sections (id, chapter_id, order_index, content)
            select gen_random_uuid(), gen_random_uuid(), 0, ''
            """)
        let stage = try #require(try await memoir.plan().stage("constraints"))
        #expect(stage.statements.count { $0.text.contains("create unique index concurrently") } == 2)
        #expect(stage.statements.count { $0.text.contains("using index") } == 2)
        #expect(stage.statements.first?.locks?.map(\.mode) == [.shareUpdateExclusive])
    }

    @Test("a drop tells what blocks it, what goes with it, and what would refuse it as things are")
    func drop() async throws {
        let memoir = try await Memoir(5)
        try await memoir.psql(
            """
            insert into chapters values (gen_random_uuid(), '{"foo": 1}', null),
                                        (gen_random_uuid(), '{"blocks": ["a"], "extra": 1}', null);
            create view texts as select content from chapters;
            create index by_images on chapters using gin (images);
            """)
        let before = try #require(try await memoir.plan().stages.last)
        #expect(before.state == .optional && before.isDestructive)
        #expect(before.blocking == ["view public.texts"])
        #expect(
            before.going == ["index public.by_images: CREATE INDEX by_images ON public.chapters USING gin (images)"])
        #expect((before.archiveBytes ?? 0) > 100)
        #expect(before.statements.count == 4 && before.statements[3].text.contains(#"drop column "content" restrict"#))
        #expect(before.statements[2].locks?.first?.mode == .accessExclusive)
        try await memoir.run()
        let after = try #require(try await memoir.plan().stages.last)
        #expect(after.notes.contains { $0.contains("--accept-rejects 1") })
        #expect(after.notes.contains { $0.contains("--accept-unmapped extra") })
    }

    @Test("a pipeline that needs another says so, with the command, and describes what it can")
    func needs() async throws {
        let memoir = try await Memoir(2)
        let plan = try await memoir.of("memoir-images").plan()
        #expect(plan.refusals.first?.next == "etl run chapter-sections")
        #expect(plan.stage("tables")?.statements.isEmpty == false)
        #expect(plan.samples.allSatisfy { $0.tally == nil })
        try await memoir.run()
        let then = try await memoir.of("memoir-images").plan()
        #expect(then.refusals.isEmpty)
        #expect(then.samples.map { $0.tally?.rows } == [2, 4])
        let last = try await memoir.of("section-image-id").plan()
        #expect(last.stage("backfill")?.statements.first?.text.contains("(:range)") == true)
        #expect(last.stage("backfill")?.chunks?.rows == 4)
    }

    @Test("a stage that was begun and has changed since is in the way")
    func changed() async throws {
        var memoir = try await Memoir(1)
        let project = try Project()
        memoir.project = project.directory
        try await memoir.run(until: "tables")
        try project.edit("sql/add_chapter_sections.sql", "cover_image jsonb", "cover_image json")
        #expect(try await memoir.plan().refusals.first?.what.contains("tables") == true)
    }

    @Test("who holds a lock on the tables is named; a plan does not wait for long")
    func locks() async throws {
        let memoir = try await Memoir(3)
        let held = try await HeldTransaction(in: memoir, "update chapters set images = '[]'")
        let plan = try await memoir.plan()
        #expect(plan.locks.contains { $0.contains("pid \(held.pid)") && $0.contains("RowExclusiveLock") })
        try await held.commit()
        let exclusive = try await HeldTransaction(in: memoir, "lock table chapters in access exclusive mode")
        let blocked = try await memoir.plan()
        #expect(blocked.locks.contains { $0.contains("AccessExclusiveLock") })
        #expect(!blocked.notes.isEmpty && blocked.samples.allSatisfy { $0.tally == nil })
        try await exclusive.commit()
    }

    @Test("sizes are counted for small tables, and the disk is reckoned from the sample")
    func sizes() async throws {
        let memoir = try await Memoir(200)
        let plan = try await memoir.plan(sample: 50)
        let chapters = try #require(plan.tables.first)
        #expect(chapters.rows == .counted(200) && chapters.total > 0 && chapters.indexes > 0)
        let rows = try #require(plan.disk.items.first { $0.what.hasPrefix("rows of public.chapter_sections") })
        // 400 sections; the estimate of what they take is of the right size.
        try await memoir.run()
        let real = try #require(
            Int64(try await memoir.psql("select sum(pg_column_size(s.*)) from chapter_sections s")))
        #expect(rows.bytes > real / 2 && rows.bytes < real * 2, "\(rows.bytes) for \(real)")
        #expect(plan.disk.wal == plan.disk.items.reduce(0) { $0 + $1.bytes } && plan.disk.database > 0)
    }

    @Test("the backup's command dumps the tables that are there")
    func backup() async throws {
        let memoir = try await Memoir(1)
        let advice = try #require(try await memoir.plan().backup)
        #expect(
            advice.command
                == "pg_dump --dbname=\(memoir.database.name) --format=custom --table=public.chapters --file=chapters.dump"
        )
    }
}
