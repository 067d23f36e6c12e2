import Support
import Testing

@Suite struct WorkflowKillTests {
    /// Chapters on which the whole workflow is killed over, and how it ends when nobody kills.
    private struct Course {
        let chapters: MemoirDatabase
        let losses: Losses
        let hash: String
        let outcomes: String
        let length: Double
        let way: Workflow.Way

        /// The whole workflow in one command.
        func command(on database: MemoirDatabase) -> [String] {
            way.everything(on: database, accepting: losses) + ["--batch-rows", "20"]
        }
    }

    @Test(
        "the whole workflow with both drops, killed at any moment, ends as if left alone",
        arguments: Workflow.Way.allCases)
    func kills(way: Workflow.Way) async throws {
        let course = try await prepare(way)
        var moments = KillMoments(within: course.length * 0.5, seed: EndToEnd.seed &+ 2)
        var left = EndToEnd.number("ETL_E2E_KILLS", else: 5)
        var finished = 0
        while left > 0 {
            let database = try await course.chapters.copy()
            left = try await database.kill(
                course.command(on: database), upTo: left, at: &moments, unlessItEndsWith: way.status)
            try await finish(database, as: course)
            finished += 1
        }
        print("kills: seed \(EndToEnd.seed), \(finished) workflows brought to their end")
    }

    private func prepare(_ way: Workflow.Way) async throws -> Course {
        let rows = EndToEnd.number("ETL_E2E_KILL_ROWS", else: 300)
        let chapters = try await MemoirDatabase.holding(
            Chapters(
                rows: rows, seed: 51, key: .text, content: .text, images: .json, covers: .every, isCopied: true))
        // What must be accepted is known from a run without drops.
        let scout = try await chapters.copy()
        #expect(try await scout.etl("run", way.pipelines[0]).status == 3)
        let losses = try await scout.losses(of: way.stagesOfLosses)
        let database = try await chapters.copy()
        let command = way.everything(on: database, accepting: losses) + ["--batch-rows", "20"]
        let run = try await database.start(command).timedEnd()
        #expect(run.result.status == way.status, "\(run.result.stderr)")
        let verdict = try await database.wholeVerdict()
        #expect(verdict.hasSuffix(asContracted), "\(verdict)")
        for drop in Workflow.Drop.allCases { #expect(try await database.columnsLeft(by: drop) == 0) }
        return Course(
            chapters: chapters, losses: losses, hash: try await database.hash(withParts: true),
            outcomes: try await outcomes(database), length: run.seconds, way: way)
    }

    /// Runs once more and compares the end with that of the run that was left alone.
    private func finish(_ database: MemoirDatabase, as course: Course) async throws {
        let last = try await database.start(course.command(on: database)).end()
        #expect(last.status == course.way.status, "seed \(EndToEnd.seed): \(last.stderr)")
        let hash = try await database.hash(withParts: true)
        #expect(hash == course.hash, "seed \(EndToEnd.seed):\n\(hash)instead of\n\(course.hash)")
        let outcomes = try await outcomes(database)
        #expect(outcomes == course.outcomes, "seed \(EndToEnd.seed):\n\(outcomes)\ninstead of\n\(course.outcomes)")
        let verdict = try await database.wholeVerdict()
        #expect(verdict.hasSuffix(asContracted), "seed \(EndToEnd.seed): \(verdict)")
        #expect(try await database.count("etl.rejects where code = 'crashed-worker'") == 0)
        #expect(try await database.count("etl.audit where act like '%drop%' or act like '%retire%'") == 2)
    }

    /// The sums of the ledger by stage, the unmapped keys, and what was archived.
    private func outcomes(_ database: MemoirDatabase) async throws -> String {
        try await database.psql(
            """
            select pipeline, stage, sum(read), sum(migrated), sum(empty), sum(rejected), sum(gone),
                   sum(target_rows), sum(stale), sum(wrong), sum(extra), sum(others)
              from etl.chunks join etl.runs r on r.id = run_id group by 1, 2 order by 1, 2;
            select name, sum(count) from etl.unmapped group by 1 order by 1;
            select stage, rows from etl.archives order by 1;
            """)
    }
}
