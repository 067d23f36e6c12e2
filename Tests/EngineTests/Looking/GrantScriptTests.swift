import Engine
import Postgres
import Support
import Testing

@Suite("The script for two roles")
struct GrantScriptTests {
    private static let pipelines = ["chapter-sections", "memoir-images", "section-image-id"]

    /// Chapters that belong to a role of the application, and the two roles that the script is for.
    private func chapters(
        _ rows: Int = 8, schema: String? = nil, ledger: String = "etl"
    ) async throws -> (memoir: Memoir, owner: Memoir, runner: Memoir) {
        var memoir = try await Memoir(rows)
        let name = memoir.database.name
        try await memoir.psql(
            """
            create role app_of_\(name); alter table chapters owner to app_of_\(name);
            revoke all on schema public from public; revoke temporary on database \(name) from public;
            grant usage on schema public to app_of_\(name);
            """)
        if let schema = try schema.map({ try #require(Identifier($0)) }) {
            let name = schema.quoted
            try await memoir.psql(
                """
                create schema \(name); alter table chapters set schema \(name); drop schema public;
                grant usage on schema \(name) to app_of_\(memoir.database.name)
                """)
            memoir.schema = schema
        }
        memoir.ledger = try #require(Identifier(ledger))
        var (owner, runner) = (memoir, memoir)
        owner.user = "Owner of \(name)"
        runner.user = "Runner of \(name)"
        return (memoir, owner, runner)
    }

    private func script(_ memoir: Memoir, _ owner: Memoir, _ runner: Memoir) async throws -> [String] {
        try await blocking {
            let roles = WorkingRoles(
                owner: try #require(owner.user.flatMap { Identifier($0) }),
                runner: try #require(runner.user.flatMap { Identifier($0) }))
            return try GrantScript(
                site: memoir.site(Recorder()), pipeline: try memoir.loaded(), schema: memoir.schema, roles: roles
            ).lines()
        }
    }

    /// Runs a pipeline as the roles in turn: each as far as the next stage that is the other's.
    private func work(
        _ pipeline: String, _ memoir: Memoir, _ owner: Memoir, _ runner: Memoir
    ) async throws {
        for _ in 1...2 {
            for line in try await script(memoir.of(pipeline), owner, runner) { try await memoir.psql(line) }
            let stage = try await memoir.of(pipeline).plan().stages.first {
                ["tables", "column"].contains($0.name) && $0.state == .toDo
            }
            if let stage { try await owner.of(pipeline).run(until: stage.name) }
        }
        let moving = ["section-image-id": "backfill", "memoir-images": "images"][pipeline] ?? "sections"
        try await runner.of(pipeline).run(until: moving)
        try await owner.of(pipeline).run(until: "constraints")
        try await runner.of(pipeline).run()
        #expect(try await runner.of(pipeline).plan().isDone)
    }

    @Test(
        "is enough for the whole workflow: one role alters tables, the other does the rest",
        arguments: [(nil, "etl"), ("Sch\"ema; x", "Led\"ger -- y")] as [(String?, String)])
    func workflow(schema: String?, ledger: String) async throws {
        let (memoir, owner, runner) = try await chapters(schema: schema, ledger: ledger)
        for pipeline in Self.pipelines { try await work(pipeline, memoir, owner, runner) }
        let supers = try await memoir.psql("select count(*) from pg_roles where rolsuper and rolname like '%_of_%'")
        #expect(supers == "0")
        // What the application wrote since is brought over by the runner, later pipelines included.
        let table = memoir.schema.quoted + ".chapters"
        try await memoir.psql(
            "update \(table) set content = '[\"rewritten\"]', images = '[\"new.jpg\"]' where id = \(Memoir.key(3))")
        try await runner.catchUp()
        for pipeline in Self.pipelines { #expect(try await runner.of(pipeline).verify().hasPassed, "\(pipeline)") }
        // A reject, a mended row and a drop, each by the role whose matter it is.
        let retried = try await runner.retry()
        #expect(retried.summary.state == "done")
        try await owner.of("section-image-id").drop()
        try await owner.drop()
        let columns = try await memoir.psql(
            "select count(*) from information_schema.columns where column_name in ('content', 'images') and table_name = 'chapters'"
        )
        #expect(columns == "0")
        // Taking it all back, and forgetting that it ever was, is the owner's.
        for pipeline in Self.pipelines.reversed() { try await owner.of(pipeline).undo() }
        let restored = try await memoir.psql(
            "select count(*) from \(table) where content is not null and images is not null")
        #expect(restored != "0")
        for pipeline in Self.pipelines.reversed() {
            #expect(try await owner.of(pipeline).purge().run != nil, "\(pipeline)")
        }
    }

    @Test("lets nobody but the ledger's owner change what the audit says")
    func audit() async throws {
        let (memoir, owner, runner) = try await chapters(2)
        for line in try await script(memoir, owner, runner) { try await memoir.psql(line) }
        try await owner.run(until: "tables")
        for line in try await script(memoir, owner, runner) { try await memoir.psql(line) }
        let role = try #require(runner.user)
        for statement in ["update etl.audit set act = 'none'", "delete from etl.audit", "truncate etl.audit"] {
            await #expect(throws: PsqlFailure.self, "\(statement)") {
                try await memoir.psql(#"set role "\#(role)"; \#(statement)"#)
            }
        }
    }

    @Test("gives the runner nothing that alters a table")
    func leastPrivilege() async throws {
        let (memoir, owner, runner) = try await chapters(2)
        for line in try await script(memoir, owner, runner) { try await memoir.psql(line) }
        try await owner.run(until: "tables")
        for line in try await script(memoir, owner, runner) { try await memoir.psql(line) }
        let role = try #require(runner.user)
        for statement in [
            "drop table chapter_sections", "alter table chapters add x int", "truncate chapters",
            "update chapters set content = null", "delete from chapters", "create table public.x ()",
            "drop schema etl cascade", "insert into chapters select * from chapters",
        ] {
            await #expect(throws: PsqlFailure.self, "\(statement)") {
                try await memoir.psql(#"set role "\#(role)"; \#(statement)"#)
            }
        }
    }

    @Test("asks for nothing in vain: each grant, taken back alone, is missed by plan and preflight")
    func eachGrant() async throws {
        let (memoir, owner, runner) = try await chapters(3)
        for _ in 1...2 {
            for line in try await script(memoir, owner, runner) { try await memoir.psql(line) }
            try await owner.run(until: "tables")
        }
        // The owner role has the application's rights as well; none of them may stand in for its own.
        try await memoir.psql("revoke all on schema public from app_of_\(memoir.database.name)")
        // A row of another's, so that rows have to be merged.
        try await memoir.psql(
            "insert into chapter_sections (id, chapter_id, order_index, content) values "
                + "(gen_random_uuid(), gen_random_uuid(), 0, 'x')")
        let grants = try await script(memoir, owner, runner).filter { $0.hasPrefix("grant ") }
        #expect(grants.count > 8)
        for grant in grants {
            let statement = String(grant.prefix { $0 != ";" })
            let role = grant.contains("Runner") ? runner : owner
            let before = try await lacking(role)
            let revoke = statement.replacing(#/^grant/#, with: "revoke").replacing(" to ", with: " from ")
            try await memoir.psql(revoke)
            let named = try await lacking(role).subtracting(before)
            // Without any right to a table it is not to be seen that it has rows, which takes more rights to merge.
            let object = statement.firstRange(of: " on ").map { String(statement[$0.lowerBound...]) } ?? statement
            #expect(named.contains { $0.contains(object) }, "\(statement): \(named)")
            try await memoir.psql(statement)
        }
    }

    /// What plan and preflight say that a role lacks: for all that is left to do, and for each stage alone.
    private func lacking(_ role: Memoir) async throws -> Set<String> {
        Set(try await role.preflight().findings.compactMap(\.remedy) + role.plan().stages.flatMap(\.grants))
    }

    @Test("hands no superuser's rights to anybody: a table of his is given away, which is said")
    func superuser() async throws {
        let (memoir, owner, runner) = try await chapters(1)
        try await memoir.psql("alter table chapters owner to postgres")
        let lines = try await script(memoir, owner, runner)
        #expect(!lines.contains { $0.contains("grant postgres") })
        let gift = #"alter table "public"."chapters" owner to "\#(owner.user ?? "")"; -- only its owner"#
        #expect(lines.contains { $0.hasPrefix(gift) }, "\(lines)")
    }
}
