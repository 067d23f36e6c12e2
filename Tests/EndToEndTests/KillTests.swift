import Support
import Testing

@Suite struct KillTests {
    /// Chapters that are killed over, and how they end when nobody kills.
    private struct Course {
        let chapters: MemoirDatabase
        let hash: String
        let outcomes: String
        let length: Double
    }

    private static let batch = ["--batch-rows", "20"]

    @Test("runs that are killed at any moment end, when run again, as one that was left alone")
    func kills() async throws {
        let course = try await prepare()
        var moments = KillMoments(within: course.length * 0.6, seed: EndToEnd.seed)
        var left = EndToEnd.number("ETL_E2E_KILLS", else: 95)
        var finished = 0
        while left > 0 {
            let database = try await course.chapters.copy()
            left = try await database.kill(
                ["run", "chapter-sections"] + Self.batch, upTo: left, at: &moments, unlessItEndsWith: 3)
            try await finish(database, as: course)
            finished += 1
        }
        print("kills: seed \(EndToEnd.seed), \(finished) runs brought to their end")
    }

    @Test("two processes that share a run and are killed in turn end as one that was left alone")
    func killsOfEither() async throws {
        let course = try await prepare()
        var moments = KillMoments(within: course.length * 0.4, seed: EndToEnd.seed &+ 1)
        var left = EndToEnd.number("ETL_E2E_KILLS", else: 95)
        let command = ["run", "chapter-sections", "--join"] + Self.batch
        while left > 0 {
            let database = try await course.chapters.copy()
            var runs = [try database.start(command), try database.start(command)]
            var kills = 0
            while left > 0 {
                try await moments.wait()
                let place = moments.either()
                runs[place].kill(9)
                let status = try await runs[place].end().status
                if status == 3 {
                    moments.note(endAfter: kills)
                    break
                }
                #expect(status == 137)
                left -= 1
                kills += 1
                runs[place] = try database.start(command)
            }
            for run in runs {
                let result = try await run.end()
                #expect([3, 137].contains(result.status), "\(result.stderr)")
            }
            try await finish(database, as: course)
        }
        print("kills of either: seed \(EndToEnd.seed)")
    }

    private func prepare() async throws -> Course {
        let chapters = try await MemoirDatabase.holding(
            Chapters(rows: EndToEnd.number("ETL_E2E_KILL_ROWS", else: 300), key: .text, content: .text))
        let database = try await chapters.copy()
        let run = try await database.start(["run", "chapter-sections"] + Self.batch).timedEnd()
        #expect(run.result.status == 3, "\(run.result.stderr)")
        let verdict = try await database.verdict()
        #expect(verdict.hasSuffix(asContracted), "\(verdict)")
        return Course(
            chapters: chapters, hash: try await database.hash(), outcomes: try await outcomes(database),
            length: run.seconds)
    }

    /// Runs once more and compares the end with that of the run that was left alone.
    private func finish(_ database: MemoirDatabase, as course: Course) async throws {
        let last = try await database.etl("run", "chapter-sections")
        #expect(last.status == 3, "\(last.stderr)")
        #expect(try await database.hash() == course.hash, "seed \(EndToEnd.seed)")
        #expect(try await outcomes(database) == course.outcomes, "seed \(EndToEnd.seed)")
        #expect(try await database.count("etl.rejects where code = 'crashed-worker'") == 0)
    }

    /// The sums of the ledger, which the judge has compared with the chapters.
    private func outcomes(_ database: MemoirDatabase) async throws -> String {
        try await database.psql(
            """
            select sum(read), sum(migrated), sum(empty), sum(rejected), sum(gone), sum(target_rows) from etl.chunks;
            select name, sum(count) from etl.unmapped group by 1 order by 1;
            """)
    }
}
