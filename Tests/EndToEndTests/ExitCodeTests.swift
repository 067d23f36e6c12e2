import Support
import Testing

extension Behaviour {
    @Suite struct ExitCodeTests {
        @Test("0: chapters without a fault, and nothing to do the second time")
        func done() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 50, bad: 0))
            let first = try await database.etl("run", "chapter-sections")
            #expect(first.status == 0 && first.output.contains("50 read: "), "\(first.stderr)")
            let again = try await database.etl("run", "chapter-sections")
            #expect(again.status == 0 && again.output == "chapter-sections: nothing to do\n")
            try await database.psql(
                "update chapters set title = 'new' where id = (select min(id::text)::uuid from chapters)")
            let changed = try await database.etl("run", "chapter-sections")
            #expect(changed.status == 0 && changed.output.contains("in the source since it was read: 1 changed"))
        }

        @Test("3: --until stops behind its stage, and the next run does only what is left")
        func until() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 50, bad: 0.2))
            let first = try await database.etl("run", "chapter-sections", "--until", "sections")
            #expect(first.status == 3)
            let constraints = "pg_constraint where conrelid = 'chapter_sections'::regclass and contype <> 'n'"
            #expect(try await database.count(constraints) == 0)
            let second = try await database.etl("run", "chapter-sections")
            #expect(second.status == 3 && !second.stderr.contains("sections: begins (stream)"))
            #expect(try await database.verdict().hasSuffix(asContracted))
        }

        @Test("1: what a check misses is said with the place, and nothing is made")
        func failed() async throws {
            let database = try await MemoirDatabase.empty()
            let result = try await expectExplained(database, 1, "failed", ["run", "chapter-sections"])
            #expect(
                result.stderr.hasPrefix("etl: chapter-sections, stage preflight: ")
                    || result.stderr.contains("\netl: chapter-sections, stage preflight: "))
            #expect(result.stderr.contains("there is no table chapters in schema public"))
            #expect(try await database.psql("select to_regclass('chapter_sections') is null") == "t")
        }

        @Test("1: more rejects than --max-rejects allows stop a run, and without it the next one goes on")
        func rejectLimit() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 60, bad: 0.5))
            let result = try await expectExplained(
                database, 1, "failed",
                ["run", "chapter-sections", "--batch-rows", "10", "--max-rejects", "4", "--max-document-bytes", "1MiB"])
            #expect(result.stderr.contains("more than the 4 that --max-rejects allows"))
            #expect(result.stderr.contains("etl rejects chapter-sections --max-document-bytes 1048576"))
            #expect(try await database.count("etl.chunks where state = 'todo'") > 0)
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            #expect(try await database.verdict().hasSuffix(asContracted))
        }

        @Test(
            "2: what is misspelt gets a suggestion, and nothing is touched",
            arguments: [
                (["run", "chapter-section"], "did you mean \"chapter-sections\"?"),
                (["run", "chapter-sections", "--btach-rows", "5"], "did you mean --batch-rows?"),
                (["run", "chapter-sections", "--until", "section"], "did you mean sections?"),
                (["rum", "chapter-sections"], "did you mean run?"),
                (["run", "chapter-sections", "--project", "/"], "pipelines"),
                (["run", "chapter-sections", "--confirm", "memoir"], "--confirm"),
            ])
        func usage(arguments: [String], suggestion: String) async throws {
            let database = try await MemoirDatabase.empty()
            let result = try await expectExplained(database, 2, "usage", arguments)
            #expect(result.stderr.contains(suggestion), "\(result.stderr)")
            #expect(try await database.count("pg_namespace where nspname = 'etl'") == 0)
        }

        @Test("2: too few files to open are said to be that, and with few more fewer workers do all of the work")
        func openFiles() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 50, bad: 0))
            let command = ["run", "chapter-sections", "--batch-rows", "5", "--workers", "16"]
            let refused = try await database.shell("ulimit -n 8; exec \"$0\" \"$@\"", command).end()
            #expect(refused.status == 2, "\(refused.stderr)")
            #expect(refused.stderr.contains("may have 8 files open, and needs 12 at least"))
            let few = try await database.shell("ulimit -n 14; exec \"$0\" \"$@\"", command).end()
            #expect(few.status == 0, "\(few.stderr)")
            #expect(try await database.verdict().hasSuffix(asContracted))
        }

        @Test("4: a schema etl that is not ours is left alone, and another can be named")
        func foreignSchema() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 5, bad: 0))
            try await database.psql("create schema etl; create table etl.runs (theirs integer)")
            let result = try await expectExplained(database, 4, "refused", ["run", "chapter-sections"])
            #expect(result.stderr.contains("--ledger-schema"))
            #expect(try await database.count("pg_class where relnamespace = 'etl'::regnamespace") == 1)
            let elsewhere = try await database.etl("run", "chapter-sections", "--ledger-schema", "etl_ours")
            #expect(elsewhere.status == 0, "\(elsewhere.stderr)")
        }

        @Test("4: a stage that was begun and has changed since is refused by name; a comment is no change")
        func changedStage() async throws {
            let project = try Project.copied()
            let database = try await MemoirDatabase.holding(Chapters(rows: 5, bad: 0))
            let command = ["run", "chapter-sections", "--project", project.path]
            #expect(try await database.start(command + ["--until", "tables"]).end().status == 0)
            try project.append("\n-- A remark.\r\n", to: "sql/add_chapter_sections.sql")
            #expect(try await database.start(command + ["--until", "sections"]).end().status == 0)
            try project.append("\nselect 1;\n", to: "sql/add_chapter_sections.sql")
            let result = try await expectExplained(database, 4, "refused", command)
            #expect(result.stderr.contains("changed since: tables (pipelines/chapter-sections.json:"))
        }

        @Test("6: a server that is not there is said to be unreachable at once")
        func unreachable() async throws {
            let database = try await MemoirDatabase.empty()
            let command = [
                "run", "chapter-sections", "--database-url", "postgresql:///none?host=/nowhere&user=postgres",
            ]
            let began = ContinuousClock.now
            let result = try await expectExplained(database, 6, "unreachable", command)
            #expect(result.stderr.contains("/nowhere"))
            #expect(ContinuousClock.now - began < .seconds(10))
        }

        @Test("7: a COMMIT of which nobody can say in time whether it was done; the next run finds that it was")
        func unknownOutcome() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 12, bad: 0))
            #expect(try await database.etl("run", "chapter-sections", "--until", "tables").status == 0)
            // The commit waits for a standby that never comes.
            try await database.psql(
                """
                create function wait_at_commit() returns trigger language plpgsql as $$
                    begin perform set_config('synchronous_commit', 'on', true); return null; end $$;
                create trigger wait_at_commit after insert on chapter_sections execute function wait_at_commit()
                """)
            let result = try await database.etl(
                "run", "chapter-sections", "--workers", "1", "--statement-timeout", "1", "--max-outage", "2")
            #expect(result.status == 7, "\(result.stderr)")
            #expect(result.stderr.contains("whether it was committed could not be found out in time"))
            #expect(result.stderr.contains("next: run it again, which is safe"))
            try await database.psql(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and wait_event = 'SyncRep';
                drop trigger wait_at_commit on chapter_sections
                """)
            #expect(try await database.etl("run", "chapter-sections").status == 0)
            #expect(try await database.psql("select max(attempt) from etl.chunks where stage = 'sections'") == "1")
            #expect(try await database.verdict().hasSuffix(asContracted))
        }

        /// Runs a command for people and for programs; either way it says what, why and what next.
        private func expectExplained(
            _ database: MemoirDatabase, _ code: Int32, _ name: String, _ arguments: [String],
            _ location: SourceLocation = #_sourceLocation
        ) async throws -> ProgramResult {
            let result = try await database.start(arguments).end()
            let lines = result.stderr.split(separator: "\n")
            #expect(result.status == code, "\(result.stderr)", sourceLocation: location)
            #expect(result.output.isEmpty, sourceLocation: location)
            #expect(lines.contains { $0.hasPrefix("etl: ") }, sourceLocation: location)
            #expect(lines.last?.hasPrefix("next: ") == true, "\(result.stderr)", sourceLocation: location)
            let json = try await database.start(arguments + ["--json"]).end()
            let object = try #require(JSONLines.last(of: json.output), sourceLocation: location)
            #expect(json.status == code && json.stderr.isEmpty, sourceLocation: location)
            #expect(object["code"] as? Int == Int(code), sourceLocation: location)
            #expect(object["name"] as? String == name, sourceLocation: location)
            #expect((object["summary"] as? String)?.isEmpty == false, sourceLocation: location)
            #expect((object["next"] as? String)?.isEmpty == false, sourceLocation: location)
            return result
        }
    }
}
