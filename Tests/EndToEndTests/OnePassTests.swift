import Support
import Testing

extension Endurance {
    @Suite struct OnePassTests {
        @Test(
            "chapters of every key and document type end as the three pipelines in a row would have left them",
            arguments: zip(Chapters.Key.allCases, Chapters.Document.allCases))
        func sameEnd(key: Chapters.Key, document: Chapters.Document) async throws {
            let rows = EndToEnd.number("ETL_E2E_WORKFLOW_ROWS", else: 250)
            let chapters = try await MemoirDatabase.holding(
                Chapters(
                    rows: rows, seed: 12, key: key, content: document, images: document, bad: 0.03, isSmall: false,
                    covers: .every, isCopied: true))
            let inRow = try await chapters.copy()
            #expect(try await inRow.start(["run"] + Workflow.pipelines).end().status == 3)
            let run = try await chapters.etl("run", "memoir")
            #expect(run.status == 3, "\(run.stderr)")
            #expect(try await parts(of: chapters) == parts(of: inRow))
            try await expectContracted(chapters, rows)

            let losses = try await chapters.losses(of: Workflow.Way.onePass.stagesOfLosses)
            let command = Workflow.Way.onePass.everything(on: chapters, accepting: losses)
            let dropped = try await chapters.start(command).end()
            #expect(dropped.status == 0, "\(dropped.stderr)")
            for drop in Workflow.Drop.allCases { #expect(try await chapters.columnsLeft(by: drop) == 0) }
            try await expectContracted(chapters, rows)
            let verified = try await chapters.etl("verify", "memoir")
            #expect(verified.status == 0, "\(verified.stderr)")
            let again = try await chapters.start(command).end()
            #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.output)\(again.stderr)")
        }

        @Test(
            "every case of the contract holds, for each type of column in which it can exist",
            arguments: Chapters.Document.allCases)
        func cases(type: Chapters.Document) async throws {
            let database = try await MemoirDatabase.holdingCases(content: type, images: type)
            let run = try await database.etl("run", "memoir")
            #expect(run.status == 3, "\(run.stderr)")
            let verdict = try await database.verdict("--pictures", "--image-ids")
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
        }

        @Test("undoing it, killed at any moment, brings back chapters as they were, with all that was dropped")
        func undone() async throws {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 60, seed: 13, key: .text, content: .json, images: .text, covers: .existing))
            let before = try await parts(of: database)
            #expect([0, 3].contains(try await database.etl("run", "memoir").status))
            let losses = try await database.losses(of: Workflow.Way.onePass.stagesOfLosses)
            let run = try await database.start(
                Workflow.Way.onePass.everything(on: database, accepting: losses)
            ).end()
            #expect(run.status == 0, "\(run.stderr)")
            let command = ["undo", "memoir", "--confirm", database.name]
            var numbers = SeededNumbers(seed: EndToEnd.seed)
            for _ in 1...4 {
                let undo = try database.start(command)
                try await Task.sleep(for: .seconds(Double.random(in: 0...1, using: &numbers)))
                undo.kill(9)
                let ended = try await undo.end()
                #expect([0, 137].contains(ended.status), "\(ended.stderr)")
            }
            let last = try await database.start(command).end()
            #expect(last.status == 0, "\(last.stderr)")
            #expect(try await parts(of: database) == before, "seed \(EndToEnd.seed)")
        }

        /// A hash each of the application's tables, their columns, constraints and indexes.
        private func parts(of database: MemoirDatabase) async throws -> Set<Substring> {
            let lines = try await database.hash(withParts: true).split(separator: "\n")
            let tables = ["chapters", "chapter_sections", "memoir_images"]
            return Set(lines.filter { line in tables.contains { line.contains($0) } })
        }

        private func expectContracted(_ database: MemoirDatabase, _ rows: Int) async throws {
            let verdict = try await database.wholeVerdict()
            #expect(verdict.hasPrefix("judge: \(rows) chapters, ") && verdict.hasSuffix(asContracted), "\(verdict)")
        }
    }
}
