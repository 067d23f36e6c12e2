import Postgres
import Support
import Testing

@testable import Engine

@Suite("A run that is disturbed")
struct InterruptionTests {
    @Test("stops in order when asked, with everything in agreement, and goes on from there")
    func stopped() async throws {
        let memoir = try await Memoir(40, limits: BatchLimits(rows: 3, workers: 2))
        for _ in 0..<3 {
            let failure = try await memoir.stop(afterRows: 6, signal: 1)
            #expect(failure.kind == .stopped(signal: 1))
            let agreement = try await memoir.psql(
                """
                select sum(target_rows) = (select count(*) from chapter_sections),
                       sum(migrated) = (select count(distinct chapter_id) from chapter_sections),
                       bool_and(attempt <= 1 and (claimant is null) = (state = 'todo')) from etl.chunks;
                select state from etl.runs;
                select count(*) from etl.workers where finished_at is null
                """)
            #expect(agreement == "t|t|t\nstopped\n0")
        }
        #expect(try await memoir.run().outcomes == [40, 40, 0, 0, 0])
        #expect(try await memoir.content() == Memoir(40).migrated())
    }

    @Test("stops at once when cancelled, though the server makes it wait")
    func cancelled() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 12, workers: 1))
        try await memoir.run(until: "tables")
        let lock = try await HeldTransaction(in: memoir, "select from chapters where id = \(Memoir.key(6)) for update")
        let interruption = Interruption()
        async let run = memoir.failure { try await memoir.run(interruption: interruption) }
        try await memoir.waitForLock()
        interruption.requestStop(signal: 2)
        interruption.requestCancel()
        #expect(try await run.kind == .stopped(signal: 2))
        try await lock.commit()
        #expect(try await memoir.psql("select count(*) from chapter_sections") == "0")
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
    }

    @Test("survives the loss of a worker's session, whose chunk is not blamed")
    func lostSession() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run(until: "tables")
        let lock = try await HeldTransaction(in: memoir, "select from chapters where id = \(Memoir.key(6)) for update")
        let recorder = Recorder()
        async let run = memoir.run(reporter: recorder)
        // Found and ended in one statement: the row's lock is waited for half a second only.
        #expect(
            try await eventually {
                try memoir.database.psql(
                    """
                    select count(pg_terminate_backend(pid)) from pg_stat_activity
                     where datname = current_database() and application_name like 'etl:%' and wait_event_type = 'Lock'
                    """) == "1"
            })
        #expect(await eventually { recorder.retries.contains { $0.contains("the connection was lost") } })
        try await lock.commit()
        #expect(try await run.outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.psql("select max(attempt) from etl.chunks") == "1")
        #expect(try await memoir.content() == Memoir(12).migrated())
    }

    @Test("survives the loss of every session of its own, the leader's included")
    func lostSessions() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 2))
        try await memoir.run(until: "tables")
        let lock = try await HeldTransaction(in: memoir, "select from chapters where id = \(Memoir.key(6)) for update")
        let recorder = Recorder()
        async let run = memoir.run(reporter: recorder)
        try await memoir.waitForLock()
        try await memoir.psql(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
             where application_name like 'etl%' and datname = current_database()
            """
        )
        #expect(await eventually { !recorder.retries.isEmpty })
        try await lock.commit()
        #expect(try await run.outcomes == [12, 12, 0, 0, 0])
        #expect(try await memoir.psql("select count(*) from etl.workers where finished_at is null") == "0")
    }

    @Test("tries DDL again while a lock is held, and names who holds it")
    func lockedTable() async throws {
        let memoir = try await Memoir(3)
        let lock = try await HeldTransaction(in: memoir, "select count(*) from chapters")
        let recorder = Recorder()
        async let run = memoir.run(reporter: recorder)
        #expect(await eventually { !recorder.retries.isEmpty })
        #expect(recorder.retries.first?.contains("pid \(lock.pid) (application, role ") == true)
        let told = try #require(recorder.retries.first)
        #expect(
            told.contains(#/holds AccessShareLock on (public\.)?chapters for \d+ s, idle in transaction: select count/#)
        )
        #expect(told.contains(#/; \d+ others wait for locks on the same tables/#), "\(told)")
        try await lock.commit()
        #expect(try await run.outcomes == [3, 3, 0, 0, 0])
    }

    @Test("ends as resumable when the server stays away for longer than is allowed")
    func outage() async throws {
        var patient = try await Memoir(12, limits: BatchLimits(rows: 4, workers: 1))
        patient.deadlines.outage = 0.5
        patient.deadlines.lock = 20
        let memoir = patient
        let (name, sandbox) = (memoir.database.name, try TestServer.shared.sandbox)
        let lock = try await HeldTransaction(in: memoir, "lock table chapters in share mode")
        async let run = memoir.failure { try await memoir.run() }
        try await memoir.waitForLock()
        _ = try await blocking {
            try sandbox.query(
                """
                alter database \(name) allow_connections false;
                select pg_terminate_backend(pid) from pg_stat_activity
                 where application_name like 'etl%' and datname = '\(name)'
                """)
        }
        #expect(try await run.kind == .unreachable)
        _ = try await blocking { try sandbox.query("alter database \(name) allow_connections true") }
        try await lock.commit()
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
    }

    @Test("fails at once where nothing listens")
    func unreachable() async throws {
        let memoir = try await Memoir(1)
        let failure = try await memoir.failure {
            try await blocking {
                var site = memoir.site(Recorder())
                site.target = ConnectionTarget(keywords: [("host", "/nonexistent"), ("dbname", "x")])
                return try LedgerView(site: site).summaries().count
            }
        }
        #expect(failure.kind == .unreachable)
    }
}
