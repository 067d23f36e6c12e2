import Postgres
import Support
import Testing

@testable import Engine

@Suite("A run that was begun")
struct BindingTests {
    /// 20 chapters in chunks of 5, of which one worker did the first.
    private func begun() async throws -> Memoir {
        let memoir = try await Memoir(20, limits: BatchLimits(rows: 5, workers: 1))
        try await memoir.stop(afterRows: 5)
        #expect(
            try await memoir.psql("select count(*) filter (where state = 'done'), count(*) from etl.chunks") == "1|4")
        return memoir
    }

    @Test("is not continued on a source that was dropped and made again")
    func sourceRemade() async throws {
        let memoir = try await begun()
        try await memoir.psql(
            """
            create table copy (like chapters including all); insert into copy table chapters;
            drop table chapters; alter table copy rename to chapters
            """
        )
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "public.chapters is another table than the one stage sections was begun on")
    }

    @Test("is not continued into a target that was dropped and made again")
    func targetRemade() async throws {
        let memoir = try await begun()
        try await memoir.psql("drop table chapter_sections")
        try await memoir.psql(try await memoir.script("add_chapter_sections.sql"))
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "public.chapter_sections is another table than the one stage sections was begun on")
    }

    @Test("is not continued on a source that was emptied", arguments: [false, true])
    func emptied(afterTheStage: Bool) async throws {
        let memoir = try await begun()
        if afterTheStage { try await memoir.run(until: "sections") }
        let before = try await memoir.psql("select count(*) from chapter_sections")
        try await memoir.psql("truncate chapters")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "public.chapters was emptied since stage sections was begun")
        #expect(try await memoir.psql("select count(*) from chapter_sections") == before)
    }

    @Test(
        "is not continued where the keys lie in another order by now",
        .enabled(if: ServerFeature.icu.isThere, "the server was built without ICU"))
    func otherOrder() async throws {
        let memoir = try await Memoir(limits: BatchLimits(rows: 3, workers: 1))
        try await memoir.psql(
            """
            drop table chapters;
            create table chapters (id text collate "en-x-icu" primary key, content jsonb, images jsonb);
            insert into chapters select id, '["x"]' from unnest(array['a', 'B', 'c', 'D', 'e', 'F', 'g', 'H']) id
            """)
        try await memoir.stop(afterRows: 3)
        #expect(try await memoir.psql("select count(*) from etl.chunks") == "3")
        try await memoir.psql(#"alter table chapters alter id type text collate "C""#)
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(
            failure.what == "the keys of public.chapters lie in another order than when stage sections was begun")
        try await memoir.psql(#"alter table chapters alter id type text collate "en-x-icu""#)
        #expect(try await memoir.run().outcomes == [8, 8, 0, 0, 0])
        try await memoir.psql(#"alter table chapters alter id type text collate "C""#)
        #expect(try await memoir.failure { try await memoir.verify() }.kind == .refused)
    }

    @Test("goes on after VACUUM FULL, on rows that are the same")
    func vacuumed() async throws {
        let memoir = try await begun()
        try await memoir.psql("vacuum full chapters")
        try await memoir.psql("vacuum full chapter_sections")
        #expect(try await memoir.run().outcomes == [20, 20, 0, 0, 0])
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("is refused where a stage that is done has other SQL by now; another comment is no change")
    func changedScript() async throws {
        let project = try Project()
        var memoir = try await Memoir(3)
        memoir.project = project.directory
        try await memoir.run(until: "tables")
        try project.edit("sql/add_chapter_sections.sql", "-- Made from chapters itself", "-- From chapters")
        try await memoir.run(until: "tables")
        try project.edit("sql/add_chapter_sections.sql", "null::text as title", "null::varchar as title")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(
            failure.what
                == "stages that were begun or done have changed since: tables (pipelines/chapter-sections.json:10)")
        try project.edit("sql/add_chapter_sections.sql", "null::varchar as title", "null::text as title")
        #expect(try await memoir.run().outcomes == [3, 3, 0, 0, 0])
    }

    @Test("takes a check that changed and a stage that is not begun as they are now")
    func changedCheck() async throws {
        let project = try Project()
        var memoir = try await Memoir(3)
        memoir.project = project.directory
        try await memoir.run(until: "tables")
        try project.write("sql/check_chapters.sql", "select 'notice', 'looked'")
        try project.edit("pipelines/chapter-sections.json", "\"chapter_sections_pkey\"", "\"sections_pkey\"")
        let recorder = Recorder()
        try await memoir.run(reporter: recorder)
        #expect(recorder.notices == ["looked"])
    }

    @Test("is not continued in a copy of its database")
    func copied() async throws {
        var memoir = try await begun()
        let copy = memoir.database.name + "_copy"
        let (original, sandbox) = (memoir.database.name, try TestServer.shared.sandbox)
        _ = try await blocking { try sandbox.query("create database \(copy) template \(original)") }
        memoir.otherDatabase = copy
        let failure = try await memoir.failure { [memoir] in try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.what == "run 1 was begun in another database or on another server than this one")
        // What an operator is told to do where the copy has taken the original's place.
        let claim = try #require(failure.details.last?.firstMatch(of: #/: (update .*)/#)?.1)
        _ = try await blocking { [claim = String(claim)] in try sandbox.query(claim, in: copy) }
        #expect(try await memoir.run().outcomes == [20, 20, 0, 0, 0])
        _ = try await blocking { try sandbox.query("drop database \(copy) with (force)") }
    }
}
