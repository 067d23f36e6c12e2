import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct OutputTests {
        @Test("results go to stdout, progress and the next step to stderr; --quiet silences the progress")
        func streams() async throws {
            let database = try await someChapters()
            let copy = try await database.copy()
            let loud = try await database.etl("run", "chapter-sections")
            #expect(loud.status == 3 && loud.output.hasPrefix("chapter-sections: done (run "))
            #expect(!loud.output.contains("begins") && !loud.output.contains("rows/s"))
            #expect(loud.stderr.contains("sections: begins (stream)\nsections  0/200 rows  0.0%"))
            #expect(loud.stderr.hasSuffix(" open; next: etl rejects chapter-sections\n"))
            #expect(!loud.stderr.contains("\u{1B}") && !loud.stderr.contains("\r"))
            let quiet = try await copy.etl("run", "chapter-sections", "--quiet")
            #expect(quiet.status == 3 && quiet.stderr.split(separator: "\n").count == 1)
            #expect(quiet.stderr.hasSuffix(" open; next: etl rejects chapter-sections\n"))
            #expect(quiet.output.hasPrefix("chapter-sections: done (run "))
        }

        @Test("--json is one object a line on stdout and nothing on stderr, from the first event to the end")
        func json() async throws {
            let database = try await someChapters()
            let result = try await database.etl("run", "chapter-sections", "--json")
            let objects = try #require(JSONLines.objects(of: result.output))
            let events = objects.compactMap { $0["event"] as? String }
            #expect(result.status == 3 && result.stderr.isEmpty && events.count == objects.count)
            #expect(events.first == "run-began" && events.last == "ended")
            #expect(events.filter { $0 == "stage-finished" }.count == 5 && events.contains("progress"))
            #expect(objects.last?["code"] as? Int == 3)
        }

        @Test("a reader that goes away after the first line does not end the run", arguments: ["", "--json"])
        func reader(option: String) async throws {
            let database = try await someChapters()
            let shell = try database.shell(
                #"{ "$0" run chapter-sections --batch-rows 5 \#(option) 2>/dev/null; echo "$?" >&2; } | head -n 1"#, [])
            let result = try await shell.end()
            #expect(result.stderr == "3\n" && result.output.split(separator: "\n").count == 1)
            #expect(try await database.verdict().hasSuffix(asContracted))
        }

        @Test("--log-file gets every line with its time, appended, for its owner alone")
        func log() async throws {
            let database = try await someChapters()
            let scratch = try Scratch()
            let command = ["run", "chapter-sections", "--quiet", "--log-file", "\(scratch.path)/etl.log"]
            for _ in 0..<2 { #expect(try await database.start(command).end().status == 3) }
            let text = try scratch.text("etl.log")
            let lines = text.split(separator: "\n")
            #expect(try scratch.mode("etl.log") == 0o600)
            #expect(lines.allSatisfy { $0.prefixMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /#) != nil })
            #expect(text.contains("Z chapter-sections: run 1 begins\n") && text.contains("Z constraints: done in "))
            #expect(lines.filter { $0.hasSuffix("open; next: etl rejects chapter-sections") }.count == 2)
        }

        @Test("on a terminal the progress line is drawn over and never wider than it", arguments: [0, 20, 80])
        func terminal(columns: Int) async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 1500))
            let shell = try database.shell(
                #"export ETL="$0" TERM=xterm NO_COLOR=1; exec script -qec "$1" /dev/null"#,
                [#"stty cols \#(columns) && exec "$ETL" run chapter-sections --batch-rows 2"#])
            let result = try await shell.end()
            #expect(result.status == 3, "\(result.output)")
            // A line that is drawn over is followed by the next, without a line feed between them.
            let drawn = result.output.components(separatedBy: "\r\u{1B}[K").dropFirst().filter {
                $0.hasPrefix("sections") && !$0.contains("\n")
            }
            #expect(drawn.count >= 3)
            #expect(drawn.allSatisfy { $0.count < (columns == 0 ? 80 : columns) }, "\(drawn)")
            #expect(columns == 20 || drawn.contains { $0.contains("/1,500 rows  ") && $0.contains("%") })
            #expect(result.output.contains("chapter-sections: done (run "))
        }

        @Test("the password is in no output, log, process list or ledger")
        func password() async throws {
            let database = try await LongRun.database()
            let scratch = try Scratch()
            let run = try await LongRun.start(on: database, "--log-file", "\(scratch.path)/etl.log")
            let command = try String(contentsOfFile: "/proc/\(run.pid)/cmdline", encoding: .utf8)
            #expect(command.contains("chapter-sections") && !command.contains(MemoirDatabase.canary))
            let sessions = try await database.psql(
                "select application_name, query from pg_stat_activity where datname = current_database()")
            #expect(sessions.contains("etl:") && !sessions.contains(MemoirDatabase.canary))
            #expect(try await run.end().status == 3)

            // Each of these ends only where its output does not show it.
            #expect(try await database.etl("config").output.contains(":***@"))
            #expect(try await database.etl("config", "--json").output.contains(":***@"))
            for port in ["1", "x"] {
                let url = database.urlWithPassword.replacing("port=5432", with: "port=\(port)")
                let lost = try await database.etl("status", variables: ["DATABASE_URL": url])
                #expect([2, 6].contains(lost.status))
            }
            #expect(try scratch.text("etl.log").contains("sections: begins"))
            #expect(try !scratch.text("etl.log").contains(MemoirDatabase.canary))
            let tables = try await database.psql(
                "select string_agg(format('select x::text from etl.%I x', relname), ' union all ') from pg_class"
                    + " where relnamespace = 'etl'::regnamespace and relkind = 'r'")
            let ledger = try await database.psql(tables)
            #expect(ledger.contains("chapter-sections") && !ledger.contains(MemoirDatabase.canary))
        }

        private func someChapters() async throws -> MemoirDatabase {
            try await MemoirDatabase.holding(Chapters(rows: 200, bad: 0.1))
        }
    }
}
