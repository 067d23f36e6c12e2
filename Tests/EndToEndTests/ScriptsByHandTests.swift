import Support
import Testing

extension Behaviour {
    @Suite struct ScriptsByHandTests {
        @Test("the SQL files can be run by hand around the stage that moves the rows, and again after it")
        func aroundSections() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 100, key: .text, bad: 0.1))
            #expect(try await psql(database, "sql/check_chapters.sql").output.isEmpty)
            for _ in 0..<2 {
                let tables = try await psql(database, "sql/add_chapter_sections.sql")
                #expect(tables.status == 0, "\(tables.stderr)")
            }
            #expect(try await database.etl("run", "chapter-sections", "--until", "sections").status == 3)
            let hash = try await database.hash()
            #expect(try await psql(database, "sql/add_chapter_sections.sql").status == 0)
            #expect(try await database.hash() == hash)
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            // Which has declared its constraints on the table.
            let finished = try await database.hash()
            #expect(try await psql(database, "sql/add_chapter_sections.sql").status == 0)
            #expect(try await database.hash() == finished)
            let verdict = try await database.verdict()
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
        }

        private func psql(_ database: MemoirDatabase, _ file: String) async throws -> ProgramResult {
            try await blocking { [url = database.url] in
                try runProgram(
                    "psql", arguments: ["-XAtq1", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file],
                    directory: packageDirectory)
            }
        }
    }
}
