import Support
import Testing

extension Behaviour {
    @Suite struct WorkflowOrderTests {
        private func chapters() async throws -> MemoirDatabase {
            try await MemoirDatabase.holding(
                Chapters(rows: 60, seed: 71, key: .text, content: .text, bad: 0.1, covers: .every, isCopied: true))
        }

        @Test(
            "4: a pipeline whose needs are not met names the one to run first, and makes nothing",
            arguments: [("memoir-images", "chapter-sections"), ("section-image-id", "memoir-images")])
        func needs(pipeline: String, needed: String) async throws {
            let database = try await chapters()
            let refused = try await database.etl("run", pipeline)
            #expect(refused.status == 4 && refused.stderr.hasSuffix("next: etl run \(needed)\n"), "\(refused.stderr)")
            #expect(try await database.psql("select to_regclass('memoir_images') is null") == "t")
        }

        @Test("the picture column of sections can be dropped before the columns of chapters, and nothing is lost")
        func imageFirst() async throws {
            let database = try await chapters()
            #expect(try await database.start(["run"] + Workflow.pipelines).end().status == 3)
            let losses = try await database.losses(of: "sections")
            let confirm = ["--confirm", database.name]
            let image = try await database.start(Workflow.Drop.sectionImage.command + confirm).end()
            #expect(image.status == 0, "\(image.stderr)")
            for pipeline in Workflow.pipelines {
                let verified = try await database.etl("verify", pipeline)
                let open = try await database.count(
                    "etl.rejects x join etl.runs r on r.id = run_id where pipeline = '\(pipeline)' and x.state = 'open'"
                )
                #expect(verified.status == (open > 0 ? 3 : 0), "\(verified.stderr)")
            }
            let old = try await database.start(
                Workflow.Drop.chapterColumns.command + confirm + losses.arguments
            ).end()
            #expect(old.status == 0, "\(old.stderr)")
            for drop in Workflow.Drop.allCases { #expect(try await database.columnsLeft(by: drop) == 0) }
            let verdict = try await database.wholeVerdict()
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
        }

        @Test("everything goes the same way in a schema and with a ledger whose names need quotes")
        func otherSchemas() async throws {
            let database = try await chapters()
            let (schema, ledger) = ("Memoir \"2\"", "etl log")
            try await database.psql(
                """
                create schema "Memoir ""2\""";
                alter table chapters set schema "Memoir ""2\""";
                alter table judge_before set schema "Memoir ""2\""";
                alter table \(MemoirDatabase.copiedChapters) set schema "Memoir ""2\""";
                """)
            let schemas = ["--schema", schema, "--ledger-schema", ledger]
            let run = try await database.start(["run"] + Workflow.pipelines + schemas).end()
            #expect(run.status == 3, "\(run.stderr)")
            let keys = try await database.psql(
                "select string_agg(distinct name collate \"C\", ',') from \"etl log\".unmapped")
            let rejects = try await database.count("\"etl log\".rejects where stage = 'sections'")
            let consent = ["--confirm", database.name, "--accept-rejects", "\(rejects)", "--accept-unmapped", keys]
            let old = try await database.start(Workflow.Drop.chapterColumns.command + schemas + consent).end()
            #expect(old.status == 0, "\(old.stderr)")
            let image = try await database.start(
                Workflow.Drop.sectionImage.command + schemas + ["--confirm", database.name]
            ).end()
            #expect(image.status == 0, "\(image.stderr)")
            let verdict = try await database.verdict(
                "--pictures", "--image-ids", "--source", MemoirDatabase.copiedChapters, "--schema", schema, "--ledger",
                ledger)
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
            #expect(try await database.count("pg_class where relnamespace = 'public'::regnamespace") == 0)
        }

        @Test(
            "pictures whose column somebody has dropped by hand are not migrated, which is said and no failure",
            arguments: [("chapters", "cover_image"), ("chapter_sections", "image")])
        func goneAlready(table: String, column: String) async throws {
            let database = try await chapters()
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            try await database.psql("alter table \(table) drop column \(column)")
            let run = try await database.etl("run", "memoir-images", "section-image-id")
            #expect([0, 3].contains(run.status), "\(run.stderr)")
            #expect(run.stderr.contains("\(table).\(column) is gone already"), "\(run.stderr)")
            let covers = try await database.count("memoir_images where section_id is null")
            let pictures = try await database.count("memoir_images where section_id is not null")
            #expect((covers > 0) == (column != "cover_image") && (pictures > 0) == (column != "image"))
            let verified = try await database.etl("verify", "memoir-images")
            #expect(verified.status == run.status, "\(verified.stderr)")
        }
    }
}
