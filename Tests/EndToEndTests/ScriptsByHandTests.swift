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

        @Test("the SQL files of all three pipelines change nothing that is done, and mend by hand what is not")
        func aroundEverything() async throws {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 60, key: .bigint, content: .json, bad: 0.1, covers: .every, isCopied: true))
            #expect(try await database.start(["run"] + Workflow.pipelines).end().status == 3)
            let hash = try await database.hash()
            for file in ["add_chapter_sections", "add_memoir_images_table", "add_section_image_id_fk"] {
                let result = try await psql(database, "sql/\(file).sql")
                #expect(result.status == 0 && result.output.isEmpty, "\(file): \(result.stderr)")
            }
            for file in ["check_chapters", "check_memoir_images", "check_section_image_id", "check_memoir"] {
                let result = try await psql(database, "sql/\(file).sql")
                #expect(result.status == 0 && !result.output.contains("problem"), "\(result.output)\(result.stderr)")
            }
            let differing = "sql/differing_section_image_ids.sql"
            let fill = "sql/fill_section_image_id.sql"
            #expect(try await psql(database, fill).status == 0)
            #expect(try await psql(database, differing).output.isEmpty)
            #expect(try await database.hash() == hash)

            try await database.psql("update chapter_sections set image_id = null")
            let pictures = try await database.count("memoir_images where section_id is not null")
            #expect(try await psql(database, differing).output.split(separator: "\n").count == pictures)
            #expect(try await psql(database, fill).status == 0)
            #expect(try await psql(database, differing).output.isEmpty)
            #expect(try await database.hash() == hash)
        }

        /// Runs a file as its first comment says.
        private func psql(_ database: MemoirDatabase, _ file: String) async throws -> ProgramResult {
            let variables = ["-v", "ON_ERROR_STOP=1", "-v", "range=true"]
            return try await blocking { [url = database.url] in
                try runProgram(
                    "psql", arguments: ["-XAtq1"] + variables + ["-d", url, "-f", file], directory: packageDirectory)
            }
        }
    }
}
