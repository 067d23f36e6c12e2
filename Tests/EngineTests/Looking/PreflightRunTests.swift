import Engine
import Postgres
import Support
import Testing

@Suite("What preflight finds in the ledger and by the pipeline's own checks")
struct PreflightRunTests {
    @Test("a ledger that is somebody else's, or newer")
    func ledgers() async throws {
        let memoir = try await Memoir(1)
        try await memoir.psql("create schema etl; create table etl.jobs (id int)")
        let foreign = try await memoir.preflight().findings.first
        #expect(foreign?.weight == .problem && foreign?.remedy == "name another schema with --ledger-schema")
        let other = try await Memoir(1)
        try await other.run(until: "tables")
        try await other.psql("update etl.ledger set version = 99")
        #expect(try await other.preflight().findings.contains { $0.weight == .problem && $0.what.contains("99") })
    }

    @Test("a pipeline that is needed first, with the command; nothing else is said of what it makes")
    func needs() async throws {
        let report = try await Memoir(1).of("section-image-id").preflight()
        #expect(report.findings.first?.remedy == "etl run memoir-images")
        #expect(!report.findings.contains { $0.what.hasPrefix("there is no table public.") })
    }

    @Test("a run that is active")
    func active() async throws {
        let memoir = try await Memoir(60)
        let held = try await HeldTransaction(in: memoir, "create table chapter_sections (id int)")
        async let run: Void = { _ = try? await memoir.run() }()
        try await memoir.waitForLock()
        let found = try await memoir.preflight().findings.first { $0.what.contains("is being run by process 4711") }
        #expect(found?.weight == .problem && found?.remedy?.contains("--join") == true)
        try await held.commit()
        await run
    }

    @Test("a stage that changed since it was begun, and a run of another database")
    func bound() async throws {
        var memoir = try await Memoir(1)
        let project = try Project()
        memoir.project = project.directory
        try await memoir.run(until: "tables")
        try project.edit("sql/add_chapter_sections.sql", "cover_image jsonb", "cover_image json")
        try await memoir.psql("update etl.runs set database_oid = 1")
        let problems = try await memoir.preflight().findings.filter { $0.weight == .problem }.map(\.what)
        #expect(problems.contains { $0.hasPrefix("stages that were begun or done have changed since: tables") })
        #expect(problems.contains { $0.contains("was begun in another database") })
    }

    @Test("what the checks of the pipeline find; one that comes after other work is not made yet")
    func checks() async throws {
        var memoir = try await Memoir(1)
        let project = try Project()
        memoir.project = project.directory
        try project.write(
            "sql/check_chapters.sql",
            """
            select 'problem', 'first';
            select 'notice', 'second' union all select 'problem', 'third';
            """)
        let found = try await memoir.preflight().findings
        #expect(found.filter { $0.weight == .problem }.map(\.what) == ["first", "third"])
        #expect(found.contains { $0.weight == .notice && $0.what == "second" })
        try project.write("sql/check_chapters.sql", "select 1 / (select count(*) from pg_class where relname = '')")
        #expect(try await memoir.preflight().findings.first?.what.contains("division by zero") == true)
        try project.write("sql/check_chapters.sql", "select 'finished', 'nothing is left'")
        let finished = try await memoir.preflight()
        #expect(finished.isDone && finished.findings.map(\.what) == ["nothing is left"])
    }

    @Test("a check after other work is not made yet")
    func later() async throws {
        var memoir = try await Memoir(1)
        let project = try Project()
        memoir.project = project.directory
        memoir.pipeline = "twice"
        try project.write("sql/none.sql", "select 'problem', 'too early'")
        try project.write(
            "pipelines/twice.json",
            """
            { "name": "twice", "title": "Looks after its work.", "stages": [
              { "name": "tables", "kind": "sql", "sql": "sql/add_chapter_sections.sql" },
              { "name": "look", "kind": "check", "sql": "sql/none.sql" } ] }
            """)
        let report = try await memoir.preflight()
        #expect(report.isClear)
        #expect(report.findings.contains { $0.what == "check look can be made only after stage tables" })
    }
}
