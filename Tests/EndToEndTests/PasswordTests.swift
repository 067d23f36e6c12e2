import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct PasswordTests {
        /// URLs that are wrong in ways in which people write them; each holds the password, or what they take for one.
        static let malformed: [String] = [
            "postgresql://u:PASS%zz@h/db", "postgresql://u:PASS%@h/db", "postgresql://u:PASS%00@h/db",
            "postgresql://u:PASS@@h/db", "postgresql://u:a/PASS@h/db", "postgresql://u:PASS#x@h/db",
            "postgresql://u:a?PASS@h/db", "postgresql://u:PASS@h:port/db", "postgresql://u@h:PASS/db",
            "postgresql://u:PASS@h:0/db", "postgresql://u:PASS@[::1/db", "postgresql+pg8000://u:PASS@h/db",
            "mysql://u:PASS@h/db", "u:PASS@h/db", "postgresql:u:PASS@h/db", "\"postgresql://u:PASS@h/db\"",
            "postgresql://u:PASS x@h/db", "postgresql://u:PASS\u{7}@h/db", "postgresql://u:PASS@h/db?ssl=true",
            "postgresql://h/db?password=PASS&password=PASS", "postgresql://h/db?passwd=PASS",
            "postgresql://h/db?PASS", "host=h password=PASS", "postgresql://u:PASS@h/db?sslmode=PASS", " PASS ",
        ]

        @Test("a URL that cannot be understood is refused without a byte of it", arguments: malformed)
        func refused(form: String) async throws {
            let url = form.replacing("PASS", with: MemoirDatabase.canary)
            let scratch = try Scratch()
            for arguments in [["config"], ["status", "--json"], ["run", "chapter-sections"]] {
                let log = ["--log-file", "\(scratch.path)/log"]
                for (words, variables) in [
                    (arguments + log, ["DATABASE_URL": url]), (arguments + log + ["--database-url", url], [:]),
                ] {
                    let result = try await RunningProgram(
                        etlBinary, arguments: words, environment: plainEnvironment.merging(variables) { $1 }
                    ).end()
                    #expect(result.status == 2, "\(words): \(result.output)\(result.stderr)")
                }
            }
            let file = "DATABASE_URL=\(url)\n"
            try file.write(toFile: "\(scratch.path)/.env", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(scratch.path)/.env")
            // Ends only where it shows nothing; of some a .env makes something that can be understood.
            _ = try await RunningProgram(
                etlBinary, arguments: ["config"], environment: plainEnvironment, directory: scratch.path
            ).end()
            #expect(try !MemoirDatabase.isShown(in: scratch.text("log")))
        }

        @Test("no command shows it, succeed or fail, nor does a log, the ledger or the server's list of sessions")
        func commands() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 40, key: .bigint, bad: 0.2))
            let scratch = try Scratch()
            let name = "chapter-sections"
            let commands = [
                ["preflight", name], ["plan", name], ["plan", name, "--rows", "3"], ["run", name], ["status"],
                ["status", "--json"], ["rejects", name], ["rejects", name, "--export", "\(scratch.path)/rejects"],
                ["retry", name], ["verify", name], ["stop", name], ["grants", name], ["config"], ["config", "--json"],
                ["list"], ["run", name, "--with", "drop-old-columns"], ["run", "no-such"],
                ["run", name, "--until", "x"],
                ["verify", "memoir-images"], ["rejects", "no-such"],
            ]
            let wrong = [
                database.urlWithPassword.replacing("/\(database.name)?", with: "/no_such_database?"),
                database.urlWithPassword.replacing("port=5432", with: "port=1"),
                database.urlWithPassword.replacing("postgres:", with: "nobody_known:"),
            ]
            for command in commands {
                // Each of these ends only where its output does not show it.
                let words = command + ["--log-file", "\(scratch.path)/log"]
                _ = try await database.start(words).end()
            }
            for url in wrong {
                let words = ["run", name, "--log-file", "\(scratch.path)/log"]
                let result = try await database.start(words, variables: ["DATABASE_URL": url]).end()
                #expect([2, 6].contains(result.status), "\(result.stderr)")
            }
            for file in try scratch.names { #expect(try !MemoirDatabase.isShown(in: scratch.text(file)), "\(file)") }
            let dump = try await blocking {
                try runProgram("pg_dump", arguments: ["--inserts", "-d", database.url])
            }
            #expect(dump.status == 0 && dump.output.contains("INSERT INTO etl.runs"), "\(dump.stderr)")
            #expect(!MemoirDatabase.isShown(in: dump.output))
        }

        @Test("nor does one that drops, undoes or forgets")
        func destroying() async throws {
            let database = try await MemoirDatabase.empty()
            try await database.psql(
                """
                create table chapters (id bigint primary key, content jsonb, images jsonb);
                insert into chapters values (1, '["one", "two"]', '["a.jpg"]'), (2, '["three"]', null)
                """)
            let scratch = try Scratch()
            let log = ["--log-file", "\(scratch.path)/log"]
            let names = ["section-image-id", "memoir-images", "chapter-sections"]
            let confirm = ["--confirm", database.name]
            var commands = names.reversed().map { ["run", $0] }
            commands.append(["catch-up", "chapter-sections"])
            commands.append(["run", "section-image-id", "--with", "drop-section-image"] + confirm)
            commands.append(["run", "chapter-sections", "--with", "drop-old-columns"] + confirm)
            commands.append(["list"])
            commands += names.map { ["undo", $0] + confirm }
            commands += names.map { ["purge", $0] + confirm }
            commands += [["plan", "memoir"], ["run", "memoir"], ["verify", "memoir"], ["undo", "memoir"] + confirm]
            for command in commands {
                let result = try await database.start(command + log).end()
                #expect(result.status == 0, "\(command): \(result.stderr)")
            }
            #expect(try !MemoirDatabase.isShown(in: scratch.text("log")))
        }

        @Test("nor does one on revisions")
        func onRevisions() async throws {
            let scratch = try Scratch()
            let file = (name: "1.sql", text: "-- revision: aaaa\n-- upgrade\nselect 1;\n-- downgrade\nselect 2;\n")
            let project = try RevisionProject([file], database: await MemoirDatabase.empty())
            let verbs = [
                "upgrade head", "current --verbose", "history --verbose", "heads", "branches", "show head",
                "downgrade -1",
                "upgrade head --sql", "stamp head", "revision -m next",
            ]
            for verb in verbs { try await project.output("\(verb) --log-file \(scratch.path)/log") }
            #expect(try !MemoirDatabase.isShown(in: scratch.text("log")))
        }
    }
}
