import Support
import Testing

extension Behaviour {
    @Suite struct VerifyTests {
        @Test(
            "1: verify finds what was planted among the sections, with key and both sides", arguments: Planting.sections
        )
        func sections(planted: Planted) async throws {
            let database = try await Planting.done.value.copyWithRuns()
            let said = try await planted.verified(in: database, by: "chapter-sections", endsWith: 1)
            #expect(said.split(separator: "\n").last?.contains("next: ") == true, "\(said)")
        }

        @Test("1: verify finds what was planted among the pictures", arguments: Planting.pictures)
        func pictures(planted: Planted) async throws {
            let database = try await Planting.pictured.value.copyWithRuns()
            let said = try await planted.verified(in: database, by: "memoir-images", endsWith: 1)
            #expect(said.split(separator: "\n").last?.contains("next: ") == true, "\(said)")
        }

        @Test(
            "an image_id that is not the section's picture any more is set again, for who changed it changed the section",
            arguments: Planting.imageIDs)
        func imageIDs(planted: Planted) async throws {
            let database = try await Planting.done.value.copyWithRuns()
            let ids = "select id, image_id from chapter_sections order by id"
            let before = try await database.psql(ids)
            try await database.psql(planted.sql)
            #expect(try await database.psql(ids) != before)
            let verified = try await database.etl("verify", "section-image-id")
            #expect(
                verified.status == 0 && verified.stderr.contains("catch-up brought over 1 changed"),
                "\(verified.stderr)")
            #expect(try await database.psql(ids) == before)
        }

        @Test("what is as it was passes: covers of others are listed, changes since are brought over by catch-up")
        func noFailure() async throws {
            let database = try await Planting.done.value.copyWithRuns()
            let before = try await database.wholeVerdict()
            #expect(before.hasSuffix(asContracted), "\(before)")
            let untouched = try await database.etl("verify", "chapter-sections")
            #expect(untouched.status == 3 && !untouched.output.contains("catch-up"), "\(untouched.stderr)")

            try await database.psql(
                """
                update chapter_sections set created_at = created_at - interval '1 day';
                update chapters set title = 'renamed', cover_image = '{"url": "other.jpg"}'
                 where id = '\(Planting.chapter)';
                """)
            let covers = try await database.etl("verify", "chapter-sections")
            let said = covers.output + covers.stderr
            #expect(covers.status == 3 && said.contains(Planting.chapter) && said.contains("others"), "\(said)")

            try await database.psql("update chapters set content = '[\"new text\"]' where id = '\(Planting.chapter)'")
            let brought = try await database.etl("verify", "chapter-sections")
            #expect(
                brought.status == 3 && brought.stderr.contains("catch-up brought over 1 changed"), "\(brought.stderr)")
            #expect(
                try await database.psql("select content from chapter_sections where chapter_id = '\(Planting.chapter)'")
                    == "new text")

            // With it came what later pipelines made of the chapter.
            let pictures = try await database.etl("verify", "memoir-images")
            #expect(pictures.status == 3 && !pictures.stderr.contains("catch-up"), "\(pictures.stderr)")
            #expect(
                try await database.psql(
                    "select url from memoir_images where chapter_id = '\(Planting.chapter)'") == "other.jpg")
        }

        @Test("a chapter that was deleted with its sections is no difference; a new one is brought over by catch-up")
        func cameAndWent() async throws {
            let database = try await Planting.done.value.copyWithRuns()
            try await database.psql("delete from chapters where id = '\(Planting.chapter)'")
            let gone = try await database.etl("verify", "chapter-sections")
            #expect(gone.status == 3, "\(gone.output)\(gone.stderr)")
            try await database.psql("insert into chapters (id, content) values (gen_random_uuid(), '[\"new\"]')")
            let new = try await database.etl("verify", "chapter-sections")
            #expect(new.status == 3 && (new.output + new.stderr).contains("catch-up"))
        }

        @Test("a run whose verify stage finds a difference ends with 1 and drops nothing; mended, it goes on")
        func stage() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 50, seed: 33, key: .bigint, bad: 0))
            #expect(try await database.etl("run", "chapter-sections", "--until", "constraints").status == 0)
            let change =
                "update chapter_sections set content = content || '!' where order_index = 0 and chapter_id = 1000"
            try await database.psql(change)
            let losses = try await database.losses(of: "sections")
            let command = Workflow.Drop.chapterColumns.command + ["--confirm", database.name] + losses.keyArguments
            let found = try await database.start(command).end()
            #expect(found.status == 1 && (found.output + found.stderr).contains("1000"), "\(found.stderr)")
            #expect(try await database.columnsLeft(by: .chapterColumns) == 2)
            try await database.psql(change.replacing("content || '!'", with: "left(content, -1)"))
            let mended = try await database.start(command).end()
            #expect(mended.status == 0, "\(mended.stderr)")
            #expect(try await database.columnsLeft(by: .chapterColumns) == 0)
        }
    }
}

extension Planted {
    /// Plants it, has it verified, and sees both sides said with the key; returns all that was said.
    fileprivate func verified(
        in database: MemoirDatabase, by pipeline: String, endsWith status: Int32
    ) async throws -> String {
        try await database.psql(sql)
        let verified = try await database.etl("verify", pipeline)
        let text = verified.output + verified.stderr
        #expect(verified.status == status, "\(text)")
        for words in said { #expect(text.contains(words), "\(words) in \(text)") }
        return text
    }
}
