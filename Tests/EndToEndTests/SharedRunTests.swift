import Support
import Testing

extension Company {
    @Suite struct SharedRunTests {
        @Test("5: while another process runs it, it says which, where and since when")
        func anotherRun() async throws {
            let database = try await LongRun.database()
            let holder = try await LongRun.block(database)
            let run = try database.start(LongRun.command + ["--lock-timeout", "60"])
            #expect(try await eventually { try await !LongRun.waiters(in: database).isEmpty })

            async let words = database.start(["run", "chapter-sections"]).end()
            async let object = database.start(["run", "chapter-sections", "--json"]).end()
            let began = ContinuousClock.now
            let (second, json) = try await (words, object)
            // It waits a little for the other to end, but not for the transaction that the other is in.
            #expect(ContinuousClock.now - began < .seconds(20))
            let beginnings = try await database.psql("select started_at from etl.workers").split(separator: "\n")
            let host = try await database.psql("select min(host) from etl.workers")
            #expect(second.status == 5 && json.status == 5)
            let said = "by process \(run.pid) on \(host), since "
            #expect(beginnings.contains { second.stderr.contains(said + $0 + "\nnext: ") }, "\(second.stderr)")
            #expect(second.stderr.contains("--join") && second.stderr.contains("etl stop chapter-sections"))
            #expect(JSONLines.last(of: json.output)?["name"] as? String == "another-run")

            try await LongRun.release(holder, in: database)
            #expect(try await run.end().status == 3)
        }

        @Test("--join helps a run that is active: both move rows, both end with its code")
        func join() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database)
            let helper = try database.start(LongRun.command + ["--join"])
            let (first, second) = (try await run.end(), try await helper.end())
            #expect(first.status == 3 && second.status == 3, "\(first.stderr)\(second.stderr)")
            let processes = try await database.psql(
                "select count(distinct os_pid) from etl.chunks join etl.workers w on w.id = claimant")
            #expect(processes == "2")
            let verdict = try await database.verdict()
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
        }

        @Test("of two that begin at the same moment on a fresh database, with --join both do their part")
        func beginTogether() async throws {
            for _ in 0..<5 {
                let database = try await MemoirDatabase.holding(Chapters(rows: 200, bad: 0))
                let runs = try (0..<2).map { _ in
                    try database.start(["run", "chapter-sections", "--join", "--batch-rows", "5"])
                }
                for run in runs {
                    let result = try await run.end()
                    #expect(result.status == 0, "\(result.stderr)")
                }
                #expect(try await database.verdict().hasSuffix(asContracted))
            }
        }
    }
}
