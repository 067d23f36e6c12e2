import Foundation
import Pipelines
import Postgres
import Support
import Testing

@testable import Engine

@Suite("What preflight finds")
struct PreflightTests {
    /// Chapters, and tables as `sql` leaves them; the findings that name `word`.
    private func findings(
        naming word: String, until stage: String? = nil, rows: Int = 3, _ sql: String = "",
        change: (Memoir) async throws -> Memoir = { $0 }
    ) async throws -> [PreflightFinding] {
        let memoir = try await Memoir(rows)
        if let stage { try await memoir.run(until: stage) }
        if !sql.isEmpty { try await memoir.psql(sql) }
        return try await change(memoir).preflight().findings.filter { $0.what.contains(word) }
    }

    @Test("nothing but what there is to know of a database that is as it should be")
    func clear() async throws {
        let report = try await Memoir(3).preflight()
        #expect(report.isClear && !report.isDone)
        #expect(report.findings.map(\.weight) == [.notice])
        #expect(report.findings.first?.what.contains("tablespace") == true)
    }

    @Test("a server that cannot be used: too old, a standby, without an encoding, without the schema")
    func server() async throws {
        let all = ServerCheck.problems(
            version: 130_004, isStandby: true, isReadOnly: true, encoding: "SQL_ASCII",
            schema: Identifier("here" as StaticString))
        #expect(all.count == 5 && all.allSatisfy { !$0.remedy.isEmpty })
        #expect(
            ServerCheck.problems(
                version: 140_000, isStandby: false, isReadOnly: false, encoding: "UTF8", schema: nil
            ).isEmpty)
        let ascii = try await Memoir(1, encoding: "SQL_ASCII").preflight()
        #expect(ascii.findings.first?.weight == .problem && ascii.findings.first?.what.contains("SQL_ASCII") == true)
        let latin = try await Memoir(1, encoding: "LATIN1").preflight()
        #expect(latin.isClear && latin.findings.contains { $0.what.contains("encoding is LATIN1") })
        var elsewhere = try await Memoir(1)
        elsewhere.schema = Identifier("nowhere" as StaticString)
        #expect(try await elsewhere.preflight().findings.contains { $0.what.hasPrefix("there is no schema nowhere") })
    }

    @Test("settings of the role, and what becomes of them")
    func settings() async throws {
        let memoir = try await Memoir(1)
        let role = try await memoir.asRole {
            """
            alter role \($0) set statement_timeout = '5s';
            alter role \($0) in database \(memoir.database.name) set idle_session_timeout = '1min';
            """
        }
        let found = try await role.preflight().findings.map(\.what)
        #expect(found.contains { $0.hasPrefix("statement_timeout is 5000 ms by the role: every transaction") })
        #expect(found.contains { $0.hasPrefix("idle_session_timeout is 60000 ms by the role in this database") })
    }

    @Test("fewer sessions than a run takes")
    func connections() async throws {
        let memoir = try await Memoir(1)
        let role = try await memoir.asRole { "alter role \($0) connection limit 3" }
        let found = try await role.preflight().findings.first { $0.what.contains("more sessions") }
        #expect(found?.weight == .warning && found?.remedy == "run it with --workers 1, or end some sessions")
        try await memoir.psql("alter role \(role.user ?? "") connection limit 2")
        #expect(try await role.preflight().findings.contains { $0.weight == .problem && $0.what.contains("sessions") })
    }

    @Test("transactions of others that DDL waits for: long ones, prepared ones, locks")
    func others() async throws {
        let memoir = try await Memoir(3)
        let held = try await HeldTransaction(in: memoir, "update chapters set images = images")
        let found = try await memoir.preflight().findings
        #expect(found.contains { $0.weight == .warning && $0.what.hasPrefix("pid \(held.pid)") })
        let long = try await blocking {
            try memoir.database.connect().transaction(TransactionSettings(access: .read, statement: 30)) {
                try SessionFindings(tables: [], long: 0).find($0)
            }
        }
        #expect(long.contains { $0.remedy?.contains("pg_terminate_backend(\(held.pid))") == true })
        let role = try await memoir.asRole { _ in "" }
        #expect(
            try await role.preflight().findings.contains {
                $0.remedy == "grant pg_read_all_stats to \(role.user ?? "")"
            })
        try await held.commit()
        try await memoir.psql(
            "begin; update chapters set images = images; prepare transaction 'left ''behind'")
        let prepared = try await memoir.preflight().findings.first { $0.what.contains("was prepared") }
        #expect(prepared?.weight == .problem && prepared?.what.contains("locks on public.chapters") == true)
        #expect(prepared?.remedy == "commit prepared 'left ''behind', or: rollback prepared 'left ''behind'")
        try await memoir.psql("rollback prepared 'left ''behind'")
    }

    @Test("an event trigger that fires at DDL")
    func eventTrigger() async throws {
        let found = try await findings(
            naming: "event trigger watch",
            """
            create function f() returns event_trigger language plpgsql as 'begin end';
            create event trigger watch on ddl_command_end execute function f();
            """)
        #expect(found.first?.weight == .warning)
    }

    @Test("row security that applies to the role, forced or not; not that of others")
    func rowSecurity() async throws {
        let memoir = try await Memoir(2)
        try await memoir.psql("alter table chapters enable row level security")
        #expect(try await memoir.preflight().isClear)
        let role = try await memoir.asRole { "grant all on chapters to \($0)" }
        let found = try await role.preflight().findings.first { $0.what.hasPrefix("row security on public.chapters") }
        #expect(found?.weight == .problem && found?.remedy?.contains("bypassrls") == true)
        #expect(found?.remedy?.contains("as the owner") == true)
    }

    @Test("triggers that fire at what the run writes, and at nothing else")
    func triggers() async throws {
        let found = try await findings(
            naming: " fires when ", until: "tables",
            """
            create function f() returns trigger language plpgsql as 'begin return new; end';
            create trigger on_cover before update of cover_image on chapters for each row execute function f();
            create trigger on_text before update of content on chapters for each row execute function f();
            create trigger on_insert after insert on chapter_sections for each row execute function f();
            create trigger on_change after update or delete on chapter_sections for each row execute function f();
            create trigger off before update on chapters for each row execute function f();
            alter table chapters disable trigger off;
            create trigger ever before update on chapters for each row execute function f();
            alter table chapters enable always trigger ever;
            """)
        let names = found.compactMap { $0.what.split(separator: " ").dropFirst().first.map(String.init) }
        #expect(names == ["on_insert", "ever", "on_cover"])
        #expect(found.allSatisfy { $0.weight == .warning && $0.remedy?.contains("disable trigger") == true })
        #expect(found[1].what.hasSuffix("fires when rows are updated (function public.f, always enabled)"))
    }

    @Test("a rule on what the run updates")
    func rules() async throws {
        let found = try await findings(
            naming: "rule", "create rule quiet as on update to chapters do instead nothing")
        #expect(found.first?.weight == .problem)
        #expect(found.first?.remedy == #"alter table "public"."chapters" disable rule quiet"#)
    }

    @Test("columns of the target that do not take what is written, each with the statement that settles it")
    func columns() async throws {
        let found = try await findings(
            naming: "chapter_sections.",
            """
            create table chapter_sections (
                id text, chapter_id uuid not null, order_index int generated always as identity, title text,
                content text generated always as (title) stored, attributes jsonb, note text not null);
            """)
        #expect(
            found.map(\.remedy) == [
                #"alter table "public"."chapter_sections" alter column "id" type uuid"#,
                #"alter table "public"."chapter_sections" alter column "order_index" set generated by default"#,
                #"alter table "public"."chapter_sections" alter column "content" drop expression"#,
                #"alter table "public"."chapter_sections" add column "image" jsonb"#,
                #"alter table "public"."chapter_sections" alter column "note" set default …"#,
            ])
        #expect(found.allSatisfy { $0.weight == .problem })
    }

    @Test("a table that is not there, columns and types that do not fit, a key that is not unique")
    func shapes() async throws {
        let missing = try await findings(naming: "there is no table", "alter table chapters rename to other")
        #expect(missing.contains { $0.weight == .problem })
        let types = try await findings(
            naming: "chapters.images", "alter table chapters alter images type int using 0")
        #expect(types.contains { $0.what == "public.chapters.images is of type integer, which holds no documents" })
        let key = try await findings(
            naming: "no primary key", "alter table chapters drop constraint chapters_pkey, alter id drop not null")
        #expect(
            key.first?.remedy == #"create unique index concurrently on "public"."chapters" ("id"); "#
                + #"alter table "public"."chapters" alter column "id" set not null"#)
    }

    @Test("what is no plain table: a view, partitions, children, an unlogged one")
    func kinds() async throws {
        let view = try await findings(
            naming: "is a view", "alter table chapters rename to base; create view chapters as select * from base")
        #expect(view.first?.weight == .problem)
        let children = try await findings(
            naming: "inherit", "create table old_chapters () inherits (chapters)")
        #expect(children.first?.weight == .warning && children.first?.what.contains("old_chapters") == true)
        let parts = try await findings(
            naming: "partitioned",
            """
            create table chapter_sections (id uuid, chapter_id uuid, order_index int, title text, content text,
                                           image jsonb, attributes jsonb) partition by hash (chapter_id)
            """)
        #expect(parts.first?.weight == .problem)
        let unlogged = try await findings(
            naming: "unlogged", until: "tables", "alter table chapter_sections set unlogged")
        #expect(unlogged.first?.remedy == #"alter table "public"."chapter_sections" set logged"#)
    }

    @Test("a published table whose rows cannot be told apart cannot be updated")
    func publication() async throws {
        let none = try await findings(
            naming: "published by feed",
            "create publication feed for table chapters; alter table chapters replica identity nothing")
        #expect(none.first?.weight == .problem && none.first?.remedy?.contains("replica identity full") == true)
        let fine = try await findings(naming: "published by feed", "create publication feed for all tables")
        #expect(fine.first?.weight == .notice)
    }

    @Test("a constraint that is there and differs, and one that a pooler keeps from being built")
    func constraints() async throws {
        let differs = try await findings(
            naming: "another primary key", until: "tables",
            "alter table chapter_sections add primary key (chapter_id, order_index)")
        #expect(differs.first?.weight == .problem)
        let memoir = try await Memoir(1)
        try await memoir.run(until: "tables")
        try await memoir.psql(
            "insert into chapter_sections (id, chapter_id, order_index, content) select id, id, 0, '' from chapters")
        let pooled = try await blocking {
            let pipeline = try memoir.loaded()
            return try memoir.database.connect().transaction(TransactionSettings(access: .read, statement: 30)) {
                let site = memoir.site(Recorder())
                let standing = try PipelineStanding(pipeline, on: memoir.schema, site.ledger, $0)
                return try StageFindings(schema: memoir.schema, standing: standing, isPooled: true)
                    .find(pipeline.stages[3], $0)
            }
        }
        #expect(pooled.count == 2 && pooled.allSatisfy { $0.remedy == ConstraintsStage.pastThePooler })
        #expect(ServerFindings.pooler.weight == .notice)
    }

    @Test("a script that has the server run a program is named with the line, and stops nobody")
    func programs() async throws {
        let project = try Project()
        try project.write(
            "sql/add_chapter_sections.sql",
            "copy chapters (id) to program 'cat';\ncopy t from '/program';\ncopy t\nfrom Program $$echo 1$$ (format csv);"
        )
        let found = try await findings(naming: "program") { memoir in
            var other = memoir
            other.project = project.directory
            return other
        }
        #expect(
            found.map(\.what)
                == [1, 3].map { "sql/add_chapter_sections.sql:\($0) has the server run a program (copy … program)" })
        #expect(found.allSatisfy { $0.weight == .notice })
    }

    @Test("what would block the optional drop is told beforehand, and stops nobody")
    func dependents() async throws {
        let found = try await findings(
            naming: "view public.texts", "create view texts as select content from chapters")
        #expect(found.first?.weight == .notice)
        #expect(found.first?.what == "in the way of the optional stage drop-old-columns: view public.texts")
    }
}
