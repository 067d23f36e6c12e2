import Foundation
import Glibc
import Postgres
import PostgresSandbox
import Support
import Synchronization
import Testing

@testable import Engine

@Suite("A run among others")
struct ConflictRunTests {
    @Test("that is the victim of a deadlock does the chunk again")
    func deadlock() async throws {
        let memoir = try await Memoir(6, limits: BatchLimits(rows: 3, workers: 1))
        try await memoir.run(until: "tables")
        // Whoever comes last to wait finds the circle; the other would only after a minute.
        try await memoir.psql(
            """
            alter database \(memoir.database.name) set deadlock_timeout = '10ms';
            create sequence tries;
            create function embrace() returns trigger language plpgsql as $$
              begin
                if nextval('public.tries') = 1 then
                    perform pg_advisory_xact_lock(1);
                    while not exists (select from pg_locks where locktype = 'advisory' and not granted
                                         and database = (select oid from pg_database where datname = current_database()))
                        loop perform pg_sleep(0.01); end loop;
                    perform pg_advisory_xact_lock(2);
                end if;
                return new;
              end $$;
            create trigger embrace before insert on chapter_sections for each row execute function embrace();
            """)
        let other = try await HeldTransaction(
            in: memoir, "set local deadlock_timeout = '1min'; select pg_advisory_xact_lock(2)",
            last: "select pg_advisory_xact_lock(1)")
        let recorder = Recorder()
        async let run = memoir.run(until: "sections", reporter: recorder)
        let isHolding = try await blocking { [database = memoir.database] in
            let observer = try database.connect()
            let end = MonotonicClock.now + 60
            while MonotonicClock.now < end {
                let held = try observer.value(
                    """
                    select count(*) from pg_locks where locktype = 'advisory' and objid = 1 and granted
                       and database = (select oid from pg_database where datname = current_database())
                    """)
                if held == "1" { return true }
            }
            return false
        }
        #expect(isHolding)
        try await other.commit()
        #expect(try await run.outcomes == [6, 6, 0, 0, 0])
        #expect(
            recorder.retries.count == 1 && recorder.retries[0].hasPrefix("ERROR: deadlock detected (SQLSTATE 40P01)"))
        #expect(try await memoir.psql("select max(attempt) from etl.chunks") == "1")
        #expect(try await memoir.content() == Memoir(6).migrated())
    }

    @Test("rejects the row that a constraint refuses at COMMIT only")
    func deferred() async throws {
        let memoir = try await Memoir(9, limits: BatchLimits(rows: 9, workers: 1))
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create function refuse() returns trigger language plpgsql as $$
              begin raise exception using errcode = '23514', message = 'too late'; end $$;
            create constraint trigger refuse after insert on chapter_sections deferrable initially deferred for each row
                when (new.chapter_id = \(Memoir.key(4))) execute function refuse();
            """)
        let result = try await memoir.run(until: "sections")
        #expect(result.outcomes == [9, 8, 0, 1, 0])
        let rejects = try await memoir.psql("select key #>> '{}' = \(Memoir.key(4))::text, message from etl.rejects")
        #expect(rejects == "t|too late (SQLSTATE 23514)")
    }

    @Test("rejects the row of a batch that a constraint refuses at COMMIT only")
    func deferredBatch() async throws {
        let memoir = try await Memoir(9, limits: BatchLimits(rows: 20, workers: 1))
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        try await memoir.of("section-image-id").run(until: "column")
        try await memoir.psql(
            """
            create function refuse() returns trigger language plpgsql as $$
              begin raise exception using errcode = '23514', message = 'too late'; end $$;
            create constraint trigger refuse after update on chapter_sections deferrable initially deferred for each row
                when (new.chapter_id = \(Memoir.key(6))) execute function refuse();
            """)
        let result = try await memoir.of("section-image-id").run(until: "backfill")
        #expect(result.outcomes == [21, 20, 0, 1, 0])
        let reject = try await memoir.psql("select code, message like '%too late%' from etl.rejects")
        #expect(reject == "refused-by-server|t")
        #expect(try await memoir.psql("select count(image_id) from chapter_sections") == "2")
    }

    @Test("whose isolation the database sets otherwise, among writers, is as any other")
    func serializable() async throws {
        let memoir = try await Memoir(12, limits: BatchLimits(rows: 3, workers: 2))
        try await memoir.psql(
            "alter database \(memoir.database.name) set default_transaction_isolation = serializable")
        try await memoir.run(until: "tables")
        let writer = try await HeldTransaction(
            in: memoir, "set transaction isolation level serializable; select count(*) from chapters",
            last: "update chapters set images = '[\"new.jpg\"]' where id = \(Memoir.key(5))")
        let recorder = Recorder { event in
            if case .progress(let progress) = event, progress.rowsHere == 3 { Task { try await writer.commit() } }
        }
        #expect(try await memoir.run(until: "sections", reporter: recorder).outcomes == [12, 12, 0, 0, 0])
        #expect(!recorder.retries.contains { $0.contains("40001") }, "\(recorder.retries)")
    }

    @Test("whose sessions somebody cancels and ends again and again comes to the same end")
    func strikes() async throws {
        let memoir = try await Memoir(40, limits: BatchLimits(rows: 2, workers: 2))
        let database = memoir.database
        let strikes = Mutex(0)
        let recorder = Recorder { event in
            guard case .progress = event else { return }
            let count = strikes.withLock { count in
                count += 1
                return count
            }
            // A chunk that is cancelled more often than that is given up.
            let how = count % 3 == 0 ? "pg_cancel_backend" : "pg_terminate_backend"
            _ = try? database.psql(
                """
                select \(how)(pid) from pg_stat_activity
                 where application_name like 'etl:%' and datname = current_database() order by random() limit 1
                """)
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [40, 40, 0, 0, 0])
        #expect(strikes.withLock { $0 } >= 20)
        #expect(recorder.retries.contains { $0.contains("57P01") })
        #expect(try await memoir.psql("select count(*) from etl.rejects") == "0")
        #expect(try await memoir.content() == Memoir(40).migrated())
    }

    @Test("whose row alone takes too long rejects it after three tries, and does the others")
    func tooSlow() async throws {
        var memoir = try await Memoir(4, limits: BatchLimits(rows: 2, workers: 1))
        memoir.deadlines.statement = 1.5
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create function tarry() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
            create trigger tarry before insert on chapter_sections for each row
                when (new.chapter_id = \(Memoir.key(2))) execute function tarry();
            """)
        let result = try await memoir.run(until: "sections")
        #expect(result.outcomes == [4, 3, 0, 1, 0])
        let rejects = try await memoir.psql("select key #>> '{}' = \(Memoir.key(2))::text, code from etl.rejects")
        #expect(rejects == "t|too-slow")
    }

    @Test("one of whose server processes is frozen gives it up in time, and goes on with another")
    func frozen() async throws {
        let server = TestServer(try await blocking { try Sandbox.lend() })
        var hasty = try await Memoir(8, limits: BatchLimits(rows: 2, workers: 1), on: server)
        hasty.deadlines = Deadlines(connect: 10, statement: 2, lock: 0.2, idle: 60, outage: 60, grace: 0.3)
        let memoir = hasty
        let frozen = Mutex<Int32?>(nil)
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere == 2 else { return }
            frozen.withLock { frozen in
                if frozen != nil { return }
                let pid = try? memoir.database.psql(
                    "select min(pid) from pg_stat_activity where application_name like 'etl:%:1'")
                frozen = pid.flatMap { Int32($0) }
                if let frozen { kill(frozen, SIGSTOP) }
            }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [8, 8, 0, 0, 0])
        #expect(recorder.retries.contains { $0.contains("no answer to") }, "\(recorder.retries)")
        let pid = try #require(frozen.withLock { $0 })
        kill(pid, SIGCONT)
        #expect(try await memoir.content() == Memoir(8).migrated())
    }

    @Test("on a server that takes connections and does not answer fails in time")
    func frozenServer() async throws {
        let mortal = try await blocking { try MortalServer() }
        var memoir = try await Memoir(1, on: mortal.server)
        memoir.deadlines.connect = 1
        mortal.send(SIGSTOP)
        let failure = try await memoir.failure { [memoir] in try await memoir.run() }
        mortal.send(SIGCONT)
        #expect(failure.kind == .unreachable)
        #expect(failure.what == "opening a session: no answer to the connection attempt within 1.0 s")
        #expect(try await memoir.run().outcomes == [1, 1, 0, 0, 0])
    }
}
