import Support
import Testing

extension Behaviour {
    /// Revisions whose data step is a pipeline.
    @Suite struct DataStepTests {
        private static let files = [
            (
                name: "1.sql",
                text: """
                -- title: sections of chapters
                -- revision: aaaa
                -- run: chapter-sections
                -- upgrade
                create table notes (n int);
                -- downgrade
                drop table notes;
                """
            ),
            (
                name: "2.sql",
                text:
                    "-- revision: bbbb\n-- revises: aaaa\n-- upgrade\ncreate table later (n int);\n-- downgrade\ndrop table later;\n"
            ),
        ]

        private func project(bad: Double) async throws -> RevisionProject {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 40, seed: 7, key: .text, content: .text, bad: bad))
            return try RevisionProject(Self.files, database: database, withPipelines: true)
        }

        @Test(
            "an upgrade runs the data step before what comes later; the way back takes both away, and brings dropped columns back"
        )
        func whole() async throws {
            let project = try await project(bad: 0)
            #expect(try await project.output("upgrade head") == "upgraded to bbbb (head)")
            #expect(try await project.database.count("chapter_sections") > 0)
            #expect(
                try await project.output("current --verbose") == """
                    bbbb (head): schema applied
                    aaaa, sections of chapters: schema applied, data 100 %, verified
                    """)
            let content = "select count(content), md5(string_agg(content, '' order by id)) from chapters"
            let before = try await project.database.psql(content)
            let losses = try await project.database.losses(of: "sections")
            let drop = try await project.etl(
                ["run"] + Workflow.Drop.chapterColumns.words + ["--confirm", project.database.name] + losses.arguments)
            #expect(drop.status == 0, "\(drop.stderr)")
            let refusal = try await project.refusal("downgrade base", 4)
            #expect(refusal.contains("aaaa: what pipeline chapter-sections made"), "\(refusal)")
            try await project.output("downgrade base --confirm \(project.database.name)")
            #expect(try await project.database.psql("select to_regclass('chapter_sections') is null") == "t")
            #expect(try await project.database.psql(content) == before)
        }

        @Test("open rejects hold up later revisions, until they are mended or their number accepted")
        func rejects() async throws {
            let project = try await project(bad: 0.3)
            let open = try await project.refusal("upgrade head", 3)
            #expect(open.contains("later revisions wait"), "\(open)")
            let current = try await project.output("current")
            #expect(
                current.contains(
                    #/aaaa, sections of chapters: schema applied, data 100 %, \d+ rejects? open, verified/#),
                "\(current)")
            #expect(
                try await project.refusal("upgrade head --accept-rejects 0", 4).contains("another number than accepted")
            )
            let count = try await project.database.count("etl.rejects where state = 'open'")
            try await project.output("upgrade head --accept-rejects \(count)")
            #expect(try await project.output("current").hasPrefix("bbbb (head): schema applied\naaaa"))
        }

        @Test("a stamp over a data step that is not done needs --force, and is audited")
        func stamps() async throws {
            let project = try await project(bad: 0)
            let refusal = try await project.refusal("stamp head", 4)
            #expect(refusal.contains("revision aaaa, pipeline chapter-sections: data not begun"), "\(refusal)")
            #expect(try await project.database.psql("select to_regclass('etl.version') is null") == "t")
            #expect(try await project.output("stamp head --force") == "stamped to bbbb (head)")
            #expect(
                try await project.output("current") == """
                    bbbb (head): schema stamped
                    aaaa, sections of chapters: schema stamped, data not begun
                    """)
            #expect(try await project.output("upgrade head").hasPrefix("nothing to do"))
            try await project.output("run chapter-sections --until sections")
            #expect(try await project.output("current").hasSuffix("schema stamped, data 100 %, not verified"))
            #expect(
                try await project.database.psql("select act, detail from etl.audit where act like 'revision%'")
                    == "revision-stamp|to head, forced over revision aaaa, pipeline chapter-sections: data not begun")
        }
    }
}
