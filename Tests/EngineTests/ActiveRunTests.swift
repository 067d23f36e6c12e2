import Postgres
import Support
import Testing

@testable import Engine

@Suite("Several processes")
struct ActiveRunTests {
    /// A run of 12 chapters in chunks of 4 that waits for the application's lock on one row, and that lock.
    private func waiting() async throws -> (memoir: Memoir, lock: HeldTransaction) {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run(until: "tables")
        let lock = try await HeldTransaction(
            in: memoir, "select from chapters where id = \(Memoir.key(6)) for update")
        return (memoir, lock)
    }

    @Test("a second run is refused while the first lives, and is told who, where and since when")
    func refused() async throws {
        let (memoir, lock) = try await waiting()
        async let first = memoir.run()
        try await memoir.waitForLock()
        let retry = try await memoir.failure { try await memoir.retry() }
        #expect(retry.kind == .anotherRun)
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .anotherRun)
        let since = try await memoir.psql(
            "select min(started_at at time zone 'utc') from etl.workers where finished_at is null")
        #expect(
            failure.what == "pipeline chapter-sections is being run by process 4711 on workbench, since \(since)+00")
        #expect(failure.next?.contains("--join") == true)
        try await lock.commit()
        #expect(try await first.outcomes == [12, 12, 0, 0, 0])
    }

    @Test("a second run that joins does what the first leaves free, and both end well")
    func joined() async throws {
        let (memoir, lock) = try await waiting()
        async let first = memoir.run()
        try await memoir.waitForLock()
        let recorder = Recorder()
        async let second = memoir.run(joins: true, reporter: recorder)
        #expect(
            try await eventually {
                try memoir.database.psql("select count(*) from etl.chunks where state = 'todo'") == "1"
            })
        try await lock.commit()
        let results = try await (first, second)
        #expect(results.0.outcomes == [12, 12, 0, 0, 0])
        #expect(results.1.outcomes == [12, 12, 0, 0, 0])
        #expect(recorder.rowsReported >= 4)
        #expect(try await memoir.psql("select count(*), count(distinct id) from chapter_sections") == "28|28")
    }

    @Test("a start that waited for another's beginning finds it at work")
    func secondStart() async throws {
        let memoir = try await Memoir(30)
        try await memoir.run(until: "tables")
        // The first to begin waits, its beginning not committed, until the other one waits for it.
        let recorder = Recorder { event in
            guard case .runBegan = event else { return }
            var looks = 0
            while looks < 500, (try? memoir.waiter()) == "" { looks += 1 }
        }
        // Whoever comes second waits for a while; where that was not long enough it is refused.
        let results = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask { (try? await memoir.run(reporter: recorder))?.hadNothingToDo == false }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter { $0 }.count == 1)
        let acts = try await memoir.psql("select string_agg(act, ',' order by id) from etl.audit")
        #expect(acts == "begin,finish,resume,finish")
    }

    @Test("of twenty starts at once one works; the others are refused or find nothing to do")
    func twentyStarts() async throws {
        let memoir = try await Memoir(30)
        // With the ledger there already nothing but its rows keeps them apart.
        try await memoir.run(until: "tables")
        let results = await withTaskGroup(of: Result<RunResult, any Error>.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do { return .success(try await memoir.run()) } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var workers = 0
        for result in results {
            switch result {
            case .success(let run): workers += run.hadNothingToDo ? 0 : 1
            case .failure(let error): #expect((error as? Failure)?.kind == .anotherRun, "\(error)")
            }
        }
        #expect(workers == 1)
        #expect(
            try await memoir.psql("select string_agg(act, ',' order by id) from etl.audit")
                == "begin,finish,resume,finish")
        #expect(try await memoir.psql("select count(*), count(distinct id) from chapter_sections") == "70|70")
        #expect(try await memoir.run().outcomes == [30, 30, 0, 0, 0])
    }

    @Test("a stop asked for through the ledger ends the run in order, and the next goes on")
    func stoppedFromElsewhere() async throws {
        let (memoir, lock) = try await waiting()
        async let stopped = memoir.failure { try await memoir.run() }
        try await memoir.waitForLock()
        let asked = try await blocking {
            try LedgerView(site: memoir.site(Recorder())).requestStop(of: memoir.pipeline, on: memoir.schema)
        }
        #expect(asked.map(\.pid) == [4711])
        try await lock.commit()
        #expect(try await stopped.kind == .stopped(signal: 15))
        #expect(try await memoir.psql("select state from etl.runs") == "stopped")
        #expect(try await memoir.psql("select count(*) >= 1 from etl.chunks where state = 'todo'") == "t")
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
    }
}
