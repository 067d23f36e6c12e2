import Support
import Testing

extension Endurance {
    @Suite struct WorkflowTests {
        @Test(
            "chapters of every key and document type go through all three pipelines and both drops unharmed",
            arguments: Chapters.Key.allCases, Chapters.Document.allCases)
        func wholeWorkflow(key: Chapters.Key, document: Chapters.Document) async throws {
            let rows = EndToEnd.number("ETL_E2E_WORKFLOW_ROWS", else: 250)
            let database = try await MemoirDatabase.holding(
                Chapters(
                    rows: rows, seed: 11, key: key, content: document, images: document, bad: 0.03, isSmall: false,
                    covers: .every, isCopied: true))
            let run = try await database.start(["run"] + Workflow.pipelines).end()
            #expect(run.status == 3, "\(run.stderr)")
            try await expectContracted(database, rows)
            let losses = try await database.losses(of: "sections")
            #expect(losses.rejects > 0 && !losses.keys.isEmpty)
            let kept = try await database.psql(
                "select count(*), sum(hashtext(row(id, content, images)::text)) from chapters")

            try await drop(.chapterColumns, from: database, losses)
            let archive = try await database.psql("select relation from etl.archives where stage = 'drop-old-columns'")
            #expect(
                try await database.psql(
                    "select count(*), sum(hashtext(row(id, content, images)::text)) from etl.\"\(archive)\"") == kept)

            try await drop(.sectionImage, from: database, Losses(rejects: 0, keys: []))
            try await expectContracted(database, rows)
            for pipeline in Workflow.pipelines {
                let verified = try await database.etl("verify", pipeline)
                // The bad covers of memoir-images stay open.
                #expect(verified.status == (pipeline == "memoir-images" ? 3 : 0), "\(pipeline): \(verified.stderr)")
            }
        }

        /// Drops columns: refused without consent, done with it, and nothing to do after it.
        private func drop(_ drop: Workflow.Drop, from database: MemoirDatabase, _ losses: Losses) async throws {
            let refused = try await database.start(drop.command).end()
            #expect(refused.status == 4 && refused.stderr.contains("--confirm \(database.name)"), "\(refused.stderr)")
            #expect(try await database.columnsLeft(by: drop) == drop.columns.names.count)
            let consent = ["--confirm", database.name] + (losses.rejects > 0 ? losses.arguments : [])
            let dropped = try await database.start(drop.command + consent).end()
            #expect(dropped.status == 0, "\(dropped.stderr)")
            #expect(try await database.columnsLeft(by: drop) == 0)
            let hash = try await database.hash()
            for arguments in [["run", drop.pipeline], drop.command + ["--confirm", database.name]] {
                let again = try await database.start(arguments).end()
                #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.output)\(again.stderr)")
            }
            #expect(try await database.hash() == hash)
        }

        private func expectContracted(_ database: MemoirDatabase, _ rows: Int) async throws {
            let verdict = try await database.wholeVerdict()
            #expect(verdict.hasPrefix("judge: \(rows) chapters, ") && verdict.hasSuffix(asContracted), "\(verdict)")
        }
    }
}
