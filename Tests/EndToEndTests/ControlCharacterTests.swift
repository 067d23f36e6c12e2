import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct ControlCharacterTests {
        /// Clears the screen, rings, overwrites the line, begins a new one, and turns what follows around.
        private static let evil = "\u{1B}[2J\u{7}\r\n\u{9B}31m\u{202E}\u{85}"
        /// The schema of the tables, whose name does all that as well.
        private static let schema = "s\(evil)s"

        /// Chapters whose every name and every document does things to a terminal.
        private func chapters() async throws -> MemoirDatabase {
            let database = try await MemoirDatabase.empty()
            let key = #"\u001b[2J\u0007\r\n\u009b31m\u202e"#
            try await database.psql(
                """
                create schema "\(Self.schema)"; set search_path to "\(Self.schema)";
                create table chapters (id text primary key, content jsonb, images jsonb, "\(Self.evil)" int);
                insert into chapters values
                    ('good', '["x"]', '["\(key).jpg"]'),
                    (E'\(Self.evil)', '{"sections": [{"text": "\(key)", "\(key)": 1}], "\(key)": 1}', null),
                    (E'b\(Self.evil)', '"{{image:\(key.replacing("\\r\\n", with: ""))}}"', null),
                    (E'c\(Self.evil)', '[{"title": {"\(key)": 1}}]', '["u"]');
                create view "v\(Self.evil)" as select content from chapters;
                create function f() returns trigger language plpgsql as
                    $$ begin raise warning 'seen %', new.id; return new; end $$;
                create trigger "t\(Self.evil)" before update on chapters for each row execute function f();
                """)
            return database
        }

        /// Whether nothing in an output would move a cursor, ring, colour or turn text around.
        private func isPlain(_ text: String) -> Bool {
            text.unicodeScalars.allSatisfy { scalar in
                switch scalar.value {
                case 0x0A: true
                case 0..<0x20, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: false
                default: true
                }
            }
        }

        @Test("names and documents reach no terminal and no log as they are, whatever the command")
        func commands() async throws {
            let database = try await chapters()
            let scratch = try Scratch()
            let name = "chapter-sections"
            let commands = [
                ["preflight", name], ["plan", name], ["plan", name, "--rows", "4"], ["run", name], ["run", name],
                ["status"], ["rejects", name], ["rejects", name, "--export", "-"], ["retry", name], ["verify", name],
                ["run", name, "--with", "drop-old-columns", "--confirm", database.name], ["stop", name], ["config"],
                ["grants", name],
            ]
            for command in commands {
                for option in [[], ["--json"]] {
                    let log = "\(scratch.path)/log"
                    let words = command + option + ["--schema", Self.schema, "--log-file", log]
                    let result = try await database.start(words).end()
                    let said = result.output + result.stderr
                    #expect(isPlain(said), "\(command) \(option): \(said.debugDescription)")
                    if !option.isEmpty { #expect(JSONLines.objects(of: result.output) != nil, "\(result.output)") }
                    #expect(result.status != 2, "\(said)")
                }
            }
            let log = try scratch.text("log")
            #expect(isPlain(log))
            let moment = #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z .*/#
            #expect(log.split(separator: "\n").allSatisfy { $0.wholeMatch(of: moment) != nil })
            // It was there to be shown.
            #expect(log.contains(#"\u{1b}[2J\u{7}"#) && log.contains(#"\u{202e}"#))
            #expect(try await database.count("etl.rejects where state = 'open'") == 2)
        }

        @Test("nor what a drop takes, an undoing brings back or a later pipeline makes of them")
        func dropped() async throws {
            let database = try await chapters()
            try await database.psql("drop view \"\(Self.schema)\".\"v\(Self.evil)\"")
            let names = ["section-image-id", "memoir-images", "chapter-sections"]
            let confirm = ["--confirm", database.name]
            // As the ledger names it.
            let key = #"\u001b[2J\u0007\u000d\u000a"# + "\u{9B}31m\u{202E}"
            let accept = ["--accept-rejects", "2", "--accept-unmapped", key]
            var commands = names.reversed().map { ["run", $0] }
            commands += [["catch-up", "chapter-sections"], ["list"]]
            commands.append(["run", "section-image-id", "--with", "drop-section-image"] + confirm)
            commands.append(["run", "chapter-sections", "--with", "drop-old-columns"] + confirm + accept)
            commands += names.map { ["undo", $0, "--discard-new"] + confirm }
            commands += names.map { ["purge", $0] + confirm }
            commands += [["plan", "memoir"], ["run", "memoir"], ["verify", "memoir"], ["undo", "memoir"] + confirm]
            for (number, command) in commands.enumerated() {
                // What is done once is told once.
                let words = command + (number % 2 == 0 ? [] : ["--json"]) + ["--schema", Self.schema]
                let result = try await database.start(command[0] == "list" ? ["list"] : words).end()
                #expect([0, 3].contains(result.status), "\(command): \(result.stderr)")
                let said = result.output + result.stderr
                #expect(isPlain(said), "\(command): \(said.debugDescription)")
            }
            #expect(try await database.count("etl.audit where act = 'drop'") == 2)
        }

        @Test("nor titles and labels of revisions")
        func revisions() async throws {
            let line = Self.evil.replacing("\r\n", with: "")
            let text = "-- title: t\(line)\n-- revision: aaaa\n-- upgrade\nselect '\(line)';\n-- downgrade\nselect 1;\n"
            let project = try await RevisionProject.made("", [(name: "1.sql", text: text)])
            let verbs = [
                "upgrade head", "current --verbose", "history --verbose", "heads --verbose", "branches", "show head",
                "downgrade -1", "stamp head",
            ]
            for verb in verbs {
                for option in ["", " --json"] {
                    let result = try await project.etl((verb + option).split(separator: " ").map(String.init))
                    let said = result.output + result.stderr
                    #expect([0, 2].contains(result.status), "\(verb): \(said)")
                    #expect(isPlain(said), "\(verb)\(option): \(said.debugDescription)")
                }
            }
        }

        @Test("who holds up a run is named with his query, which moves no cursor either")
        func blocker() async throws {
            let database = try await chapters()
            let holder = try database.session(
                """
                begin; lock table "\(Self.schema)".chapters in access share mode;
                select 'WORDS\(Self.evil)' from pg_sleep(600)
                """)
            #expect(
                try await eventually {
                    try await database.psql(
                        "select count(*) from pg_stat_activity where query like '%WORDS%' and state = 'active'"
                            + " and datname = current_database() and pid <> pg_backend_pid()") == "1"
                })
            let run = try database.start(
                ["run", "chapter-sections", "--schema", Self.schema, "--lock-timeout", "0.05", "--until", "tables"])
            #expect(await eventually { run.errorsSoFar.contains("WORDS") })
            try await LongRun.release(holder, in: database)
            let result = try await run.end()
            #expect(result.status == 0, "\(result.stderr)")
            #expect(isPlain(result.output + result.stderr), "\(result.stderr.debugDescription)")
            #expect(result.stderr.contains("AccessShareLock") && result.stderr.contains(#"\u{1b}[2J"#))
        }
    }
}
