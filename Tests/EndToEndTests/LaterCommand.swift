import Support

/// A command that may be given again and again when runs are over, with something to do.
enum LaterCommand: String, CaseIterable, Sendable {
    /// Chapters were changed, inserted and deleted: of the three pipelines in a row, and of one pass.
    case catchUp, onePassCatchUp
    /// Some rejected chapters and covers were mended, others not.
    case retry
    /// All is as it should be, or somebody wrote to a section.
    case verify, verifyDifference
    /// The archives of both drops are there.
    case purge

    /// Those that are tried: all, or those that a variable names.
    static let chosen = allCases.filter { Faults.isWanted(in: $0.rawValue) }

    /// What it begins with, and how it goes when nobody interferes.
    func course() async throws -> CommandCourse {
        let database = try await before.copyWithRuns()
        if let change { try await database.psql(change) }
        switch self {
        case .catchUp: return try await course(["catch-up", "chapter-sections"], on: database)
        case .onePassCatchUp: return try await course(["catch-up", "memoir"], on: database)
        case .retry: return try await course(["retry", "memoir"], on: database)
        case .verify: return try await course(["verify", "memoir", "--workers", "1"], on: database)
        case .verifyDifference:
            return try await CommandCourse(
                rawValue, ["verify", "memoir", "--workers", "1"], leaving: .different, on: database, endsWith: 1)
        case .purge:
            return try await CommandCourse(rawValue, ["purge", "memoir"], leaving: .forgotten, on: database)
        }
    }

    /// Rejects are open after all of these.
    private func course(_ words: [String], on database: MemoirDatabase) async throws -> CommandCourse {
        try await CommandCourse(rawValue, words, leaving: .moved, on: database, endsWith: 3)
    }

    private var before: MemoirDatabase {
        get async throws {
            switch self {
            case .catchUp: try await Self.inRow.value
            case .retry: try await Self.rejected.value
            case .purge: try await Self.dropped.value
            case .onePassCatchUp, .verify, .verifyDifference: try await Self.onePass.value
            }
        }
    }

    private var change: String? {
        switch self {
        case .catchUp, .onePassCatchUp:
            """
            update chapters set content = '["new", {"title": "a", "text": "b", "image": {"url": "new.jpg"}}]'
             where order_index % 5 = 1;
            update chapters set content = '[1]' where order_index % 11 = 4;
            update chapters set content = '["mended"]', images = null
             where id = (select min(key #>> '{}' collate "C") from etl.rejects where stage = 'sections');
            update chapters set cover_image = '{"url": "other.jpg"}' where order_index % 13 = 5;
            update judge_before b set cover_image = c.cover_image from chapters c
             where c.id = b.id and c.order_index % 13 = 5;
            update chapters set title = 'renamed' where order_index % 5 = 2;
            delete from chapters where order_index % 7 = 3;
            insert into chapters (id, content) select 'new ' || n, '["new", {"image": {"url": "a.jpg"}}]'
              from generate_series(1, 6) n
            """
        case .retry:
            // Every other one; one of the others is gone. A cover that came of one would be left to catching up.
            """
            create temporary table mended as
            select key #>> '{}' as id, stage, row_number() over (partition by stage order by key::text) as n
              from etl.rejects;
            update chapters set images = null, content = case jsonb_typeof(cover_image)
                   when 'object' then '["mended", {"image": {"url": "m.jpg"}}]' else '["mended"]' end
             where id in (select id from mended where stage = 'sections' and n % 2 = 0);
            update chapters set cover_image = '{"url": "mended.jpg"}'
             where id in (select id from mended where stage = 'covers' and n % 2 = 0);
            update judge_before b set cover_image = c.cover_image from chapters c join mended m using (id)
             where b.id = c.id and m.stage = 'covers' and m.n % 2 = 0;
            delete from chapters where id in (select id from mended where stage = 'sections' and n = 3)
            """
        case .verifyDifference:
            """
            update chapter_sections set content = content || '!'
             where id = (select id from chapter_sections order by id limit 1)
            """
        case .verify, .purge: nil
        }
    }

    private static let inRow = Task { try await done(Workflow.pipelines, chapters) }
    private static let onePass = Task { try await done(["memoir"], chapters) }

    /// More of them than one transaction tries.
    private static let rejected = Task {
        var many = chapters
        (many.rows, many.bad) = (140, 0.9)
        return try await done(["memoir"], many)
    }

    private static let dropped = Task {
        let database = try await onePass.value.copyWithRuns()
        let losses = try await database.losses(of: Workflow.Way.onePass.stagesOfLosses)
        let drops = try await database.start(Workflow.Way.onePass.everything(on: database, accepting: losses)).end()
        guard drops.status == Workflow.Way.onePass.status else { throw UnexpectedEnd(drops) }
        return database
    }

    private static let chapters = Chapters(
        rows: 15, seed: 61, key: .text, content: .text, images: .json, bad: 0.2, covers: .every)

    private static func done(_ pipelines: [String], _ chapters: Chapters) async throws -> MemoirDatabase {
        let database = try await MemoirDatabase.holding(chapters)
        let run = try await database.start(["run"] + pipelines + ["--batch-rows", "5"]).end()
        guard run.status == 3 else { throw UnexpectedEnd(run) }
        return database
    }
}
