import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct LookingTests {
        @Test("plan and preflight look at a database and leave it as it was, before a run and after")
        func readOnly() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 60, key: .uuid, bad: 0.1))
            let fresh = try await state(of: database)
            for arguments in [["plan"], ["plan", "--rows", "3"], ["preflight"]] {
                let result = try await database.start(arguments + ["chapter-sections"]).end()
                #expect(result.status == 0, "\(result.stderr)")
            }
            #expect(try await state(of: database) == fresh)
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            let after = try await state(of: database)
            let role = "looker_at_\(database.name)"
            try await database.psql(
                """
                create role \(role) login; grant usage on schema etl to \(role);
                grant select on all tables in schema public, etl to \(role);
                """)
            let variables = ["DATABASE_URL": database.url.replacing("user=postgres", with: "user=\(role)")]
            for pipeline in ["chapter-sections", "memoir-images", "section-image-id"] {
                let plan = try await database.etl("plan", pipeline, variables: variables)
                #expect(plan.status == 0 && plan.output.contains("role \(role)"), "\(plan.stderr)")
                let rows = try await database.etl("plan", pipeline, "--rows", "2", variables: variables)
                #expect(rows.status == 0, "\(rows.stderr)")
                let preflight = try await database.etl("preflight", pipeline, variables: variables)
                #expect(preflight.status == (pipeline == "chapter-sections" ? 0 : 1), "\(preflight.output)")
            }
            #expect(try await state(of: database) == after)
        }

        /// Every row with the transaction that wrote it, and how many relations there are.
        private func state(of database: MemoirDatabase) async throws -> String {
            let tables = try await database.psql(
                """
                select string_agg(format('select %L || md5(coalesce(string_agg(t.xmin::text || t::text, '','' order by t.ctid), '''')) from %s t',
                                         c.oid::regclass, c.oid::regclass), ' union all ' order by c.oid::regclass::text)
                  from pg_class c where relkind = 'r' and relnamespace::regnamespace::text in ('public', 'etl')
                """)
            return try await database.psql("\(tables); select count(*), max(oid) from pg_class")
        }

        @Test("a plan in words: stages, SQL, locks, sizes, sample, disk, backup, and what to do next")
        func planText() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 1200, key: .bigint, bad: 0.1))
            let text = try await database.etl("plan", "chapter-sections").output
            for line in [
                "  sections          stream: to do, 1,200 rows of public.chapters in 2 chunks",
                "  sql/add_chapter_sections.sql:37",
                "      alter table chapters add column if not exists cover_image jsonb",
                "    locks public.chapters: ACCESS EXCLUSIVE (everybody waits), for a moment",
                "sample for sections", "disk, about", "back up first",
                "next: etl preflight chapter-sections, then etl run chapter-sections",
            ] {
                #expect(text.contains("\n\(line)"), "\(line) is not in \(text)")
            }
            #expect(text.contains("1,000 of about 1,200 rows of public.chapters"))
            #expect(!text.contains(MemoirDatabase.canary))
            let none = try await database.etl("plan", "chapter-sections", "--sample", "0").output
            #expect(!none.contains("sample for"))
        }

        @Test("a plan and rows as JSON, one object")
        func json() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 20, key: .bigint))
            let plan = try #require(
                JSONLines.last(of: try await database.etl("plan", "chapter-sections", "--json").output))
            let stages = try #require(plan["stages"] as? [[String: Any]])
            #expect(stages.compactMap { $0["state"] as? String }.last == "optional" && stages.count == 6)
            let keys = [
                "pipeline", "title", "schema", "database", "server_version", "role", "nothing_to_do",
                "ledger_unreadable", "in_the_way", "tables", "samples", "disk", "backup", "locks", "grants", "notes",
            ]
            #expect(keys.allSatisfy { plan[$0] != nil })
            let rows = try #require(
                JSONLines.last(of: try await database.etl("plan", "chapter-sections", "--rows", "4", "--json").output))
            #expect((rows["rows"] as? [[String: Any]])?.count == 4)
        }

        @Test("preflight ends with 1 where there is a problem, and says what settles it and what to do next")
        func preflight() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 5, key: .uuid))
            try await database.psql("alter table chapters drop constraint chapters_pkey")
            let result = try await database.etl("preflight", "chapter-sections")
            #expect(result.status == 1)
            #expect(
                result.output.contains("\n  do: create unique index concurrently on \"public\".\"chapters\" (\"id\")"))
            #expect(
                result.stderr.contains(
                    "in the way; next: settle what is named, then again: etl preflight chapter-sections"))
            let json = try #require(
                JSONLines.last(of: try await database.etl("preflight", "chapter-sections", "--json").output))
            #expect(json["code"] as? Int == 1 && json["event"] as? String == "ended")
            let weights = (json["findings"] as? [[String: Any]])?.compactMap { $0["weight"] as? String } ?? []
            #expect(weights.first == "problem" && weights.last == "notice")
            let nothing = try await database.etl("preflight", "no-such-pipeline")
            #expect(nothing.status == 2)
        }

        @Test("grants prints nothing but SQL for both roles, which psql runs, again and again")
        func grants() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 5, key: .uuid))
            let roles = ["--owner", "o of \(database.name)", "--runner", "r_\(database.name)"]
            let printed = try await database.start(["grants", "chapter-sections"] + roles).end()
            #expect(printed.status == 0 && printed.stderr.isEmpty, "\(printed.stderr)")
            #expect(printed.output.contains("create role \"o of \(database.name)\" login;\n"))
            #expect(printed.output.contains("\ngrant select on \"public\".\"chapters\" to r_\(database.name);\n"))
            #expect(printed.output.split(separator: "\n").allSatisfy { $0.hasPrefix("--") || $0.contains(";") })
            try await database.psql(printed.output)
            let again = try await database.start(["grants", "chapter-sections"] + roles).end()
            #expect(!again.output.contains("create role"))
            try await database.psql(again.output)
            let json = try await database.start(["grants", "chapter-sections", "--json"] + roles).end()
            let lines = JSONLines.last(of: json.output)?["sql"] as? [String] ?? []
            #expect(lines.joined(separator: "\n") + "\n" == again.output)
        }

        @Test("rows are cut to the screen, or to 120 columns")
        func columns() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 8, key: .uuid))
            let text = try await database.etl("plan", "chapter-sections", "--rows", "8").output
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
            #expect(text.contains(" | row 1"))
        }
    }
}
