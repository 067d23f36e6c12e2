import Postgres
import Support
import Testing

@testable import Engine

@Suite("A commit")
struct CommitTests {
    /// 12 chapters in chunks of 4 for one worker, reached through a proxy.
    private func memoir() async throws -> (Memoir, Proxy) {
        var memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 1))
        let proxy = try Proxy(to: memoir.database.server)
        memoir.proxy = proxy
        return (memoir, proxy)
    }

    @Test("whose answer is lost is found to be done, is counted once and not done again")
    func answerLost() async throws {
        try await disturb(.loseReply(of: "etl:1:1"), chunksOfFirstSession: 2)
    }

    @Test("that never reaches the server is done again, and its rows are there once")
    func neverSent() async throws {
        try await disturb(.dropCommit(of: "etl:1:1"), chunksOfFirstSession: 1)
    }

    @Test("whose answer never comes though nothing died is given up in time, and found to be done once")
    func answerHeld() async throws {
        try await disturb(.holdReply(of: "etl:1:1"), chunksOfFirstSession: 2, statement: 1)
    }

    /// Does harm to the commit of the second of three chunks; says how many the worker's first session must have done.
    private func disturb(_ harm: Proxy.Harm, chunksOfFirstSession: Int, statement: Double = 30) async throws {
        let (undisturbed, proxy) = try await self.memoir()
        var memoir = undisturbed
        memoir.deadlines.statement = statement
        memoir.deadlines.grace = 1
        let recorder = Recorder { event in
            if case .progress(let progress) = event, progress.rowsHere == 4 { proxy.arm(harm) }
        }
        #expect(try await memoir.run(until: "sections", reporter: recorder).outcomes == [12, 12, 0, 0, 0])
        #expect(proxy.isSpent)
        #expect(recorder.retries.count == 1)
        #expect(recorder.retries.first?.hasPrefix("the outcome of COMMIT was not heard: ") == true)
        #expect(recorder.rowsReported == 12)
        let sessions = try await memoir.psql(
            "select count(*) from etl.chunks where stage = 'sections' group by claimant order by claimant")
        #expect(sessions == "\(chunksOfFirstSession)\n\(3 - chunksOfFirstSession)")
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.content() == Memoir(12).migrated())
    }

    /// Chapters of which the chunk with the sixth waits in its COMMIT, for a standby that never comes.
    private func stuck() async throws -> Memoir {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create function wait_at_commit() returns trigger language plpgsql as $$
                begin perform set_config('synchronous_commit', 'on', true); return null; end $$;
            create trigger wait_at_commit after insert on chapter_sections for each row
                when (new.chapter_id = \(Memoir.key(6))) execute function wait_at_commit();
            """)
        return memoir
    }

    /// Ends the session that waits in its COMMIT, which then has happened.
    private func release(_ memoir: Memoir) async throws -> String {
        try await memoir.psql(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and wait_event = 'SyncRep'
            """)
    }

    @Test("under way in an old session is waited for by the new one, and found to be done when that ends")
    func oldSessionCommits() async throws {
        var patient = try await stuck()
        patient.deadlines.statement = 2
        patient.deadlines.grace = 0.3
        let memoir = patient
        let recorder = Recorder()
        async let run = memoir.run(reporter: recorder)
        // The session that introduces itself waits for the row of the chunk that the old one holds.
        try await memoir.waitForLock()
        #expect(try await release(memoir) == "t")
        #expect(try await run.outcomes == [12, 12, 0, 0, 0])
        #expect(recorder.retries.first?.hasPrefix("the outcome of COMMIT was not heard: ") == true)
        #expect(try await memoir.psql("select max(attempt) from etl.chunks") == "1")
        #expect(try await memoir.content() == Memoir(12).migrated())
    }

    @Test("that its old session does not end in time has an unknown outcome, which the next run finds out")
    func unknown() async throws {
        var hasty = try await stuck()
        hasty.deadlines.statement = 1
        hasty.deadlines.grace = 0.3
        hasty.deadlines.outage = 2
        let memoir = hasty
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .unknownOutcome)
        #expect(failure.what.hasPrefix("chunk "), "\(failure.what)")
        #expect(failure.what.contains("whether it was committed could not be found out"), "\(failure.what)")
        #expect(try await release(memoir) == "t")
        var calm = memoir
        calm.deadlines = Deadlines(connect: 10, statement: 30, lock: 0.2, idle: 60, outage: 20)
        #expect(try await calm.run().outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.content() == Memoir(12).migrated())
    }
}
