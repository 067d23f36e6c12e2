import Support
import Testing

extension Behaviour {
    @Suite struct LogTests {
        @Test("every command writes to --log-file what it prints, each line with its time")
        func everyCommand() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 30, bad: 0.2))
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            let name = "chapter-sections"
            let commands = [
                ["list"], ["status"], ["status", "--watch"], ["rejects", name], ["retry", name], ["stop", name],
                ["config"],
                ["verify", name], ["run", name], ["status", "--json"], ["config", "--json"], ["run", name, "--json"],
                ["status", "nothing"],
            ]
            for command in commands {
                let scratch = try Scratch()
                let path = "\(scratch.path)/etl.log"
                let result = try await database.start(command + ["--log-file", path]).end()
                let logged = try Self.lines(try scratch.text("etl.log"))
                let printed = (result.output + result.stderr).split(separator: "\n").map(String.init)
                #expect(!printed.isEmpty && logged.count >= printed.count, "\(command)")
                let missing = printed.filter { line in
                    // Failures are logged in words; what begins with our name on stderr does not in the log.
                    !logged.contains { $0 == line || "etl: " + $0 == line }
                }
                #expect(missing.isEmpty, "\(command): \(missing)")
                #expect(try scratch.mode("etl.log") == 0o600)
            }
        }

        @Test("several processes write to one log without breaking each other's lines")
        func shared() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 2000, key: .bigint, bad: 0.1))
            let scratch = try Scratch()
            let command = ["run", "chapter-sections", "--join", "--batch-rows", "5", "--until", "sections"]
            let runs = try (0..<3).map { _ in
                try database.start(command + ["--log-file", "\(scratch.path)/etl.log"])
            }
            for run in runs { #expect(try await run.end().status == 3) }
            let lines = try Self.lines(try scratch.text("etl.log"))
            #expect(lines.filter { $0 == "sections: begins (stream)" }.count == 3)
            #expect(lines.filter { $0.hasSuffix(" open; next: etl rejects chapter-sections") }.count == 3)
        }

        /// The lines of a log without their times; fails where one has none.
        private static func lines(_ text: String) throws -> [String] {
            try text.split(separator: "\n").map { line in
                String(try #require(line.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (.*)/#), "\(line)").1)
            }
        }
    }
}
