import Postgres
import Support
import Testing

@testable import Engine

@Suite("A drop and those who use the table")
struct RetireLockTests {
    /// Twelve chapters that are migrated and verified, with an index, so that something is told before the drop.
    private func verified(waitingForLocks seconds: Double = 0.2) async throws -> Memoir {
        var memoir = try await Memoir(12)
        memoir.deadlines.lock = seconds
        try await memoir.psql("create index chapters_images_idx on chapters using gin (images)")
        try await memoir.run()
        return memoir
    }

    @Test("a reader who holds the table is named, the lock is asked for again, and had when he is gone")
    func reader() async throws {
        let memoir = try await verified()
        let reader = try await HeldTransaction(in: memoir, "select count(*) from chapters")
        let recorder = Recorder()
        async let dropped = memoir.drop(reporter: recorder)
        #expect(await eventually(within: .seconds(30)) { !recorder.retries.isEmpty })
        #expect(
            recorder.retries.first?.contains(
                "pid \(reader.pid) (application, role postgres) holds AccessShareLock on public.chapters") == true)
        // He reads on meanwhile, and so do others.
        #expect(try await memoir.psql("select count(*) from chapters") == "12")
        try await reader.commit()
        #expect(try await dropped.summary.state == "done")
        #expect(try await memoir.columns() == "id cover_image")
    }

    @Test("a reader who stays is named in the end, and nothing has happened")
    func stubbornReader() async throws {
        let memoir = try await verified(waitingForLocks: 0.02)
        let reader = try await HeldTransaction(in: memoir, "select count(*) from chapters")
        let failure = try await memoir.failure { try await memoir.drop() }
        #expect(failure.kind == .failed)
        #expect(failure.details.contains { $0.contains("pid \(reader.pid) (application") })
        try await reader.commit()
        #expect(try await memoir.psql("select count(*) from etl.archives") == "0")
        #expect(try await memoir.drop().summary.state == "done")
    }

    @Test("nothing of the table is held while its lock is waited for: a reader who then writes would make a deadlock")
    func noUpgrade() async throws {
        let memoir = try await verified(waitingForLocks: 30)
        let reader = try await HeldTransaction(
            in: memoir, "select count(*) from chapters", last: "update chapters set content = content")
        async let dropped = memoir.drop()
        try await memoir.waitForLock()
        let locks = """
            select l.mode, l.granted from pg_locks l join pg_stat_activity a using (pid)
             where l.relation = 'chapters'::regclass and a.datname = current_database() and a.application_name like 'etl%'
            """
        #expect(try await memoir.psql(locks) == "AccessExclusiveLock|f")
        try await reader.commit()
        #expect(try await dropped.summary.state == "done")
    }

    @Test("what is written between the last look and the lock is brought over, and archived as it is then")
    func lateWrite() async throws {
        let memoir = try await verified()
        let recorder = late(
            memoir,
            """
            update chapters set content = '["newest"]' where id = \(Memoir.key(3));
            delete from chapters where id = \(Memoir.key(4));
            \(Memoir.chapters(13...13))
            """)
        try await memoir.drop(reporter: recorder)
        #expect(try await memoir.columns() == "id cover_image")
        #expect(
            try await memoir.psql("select content from chapter_sections where chapter_id = \(Memoir.key(3))")
                == "newest\n")
        #expect(
            try await memoir.psql("select count(*) from chapter_sections where chapter_id = \(Memoir.key(13))") == "2")
        let archive = "etl.archive_1_drop_old_columns"
        #expect(try await memoir.psql("select count(*) from \(archive)") == "12")
        #expect(
            try await memoir.psql("select content from \(archive) where id = \(Memoir.key(3))") == "[\"newest\"]")
    }

    @Test("what is written while the lock is had for the last time cannot be, for nobody else has the table")
    func lockedWrite() async throws {
        var memoir = try await verified(waitingForLocks: 30)
        memoir.deadlines.lock = 30
        // The archive's last rows are copied under the lock: a writer who tries then waits until the columns are gone.
        let held = try await HeldTransaction(
            in: memoir, "update chapters set content = '[\"held\"]' where id = \(Memoir.key(5))")
        #expect(try await memoir.drop(waitingFor: held).summary.state == "done")
        #expect(
            try await memoir.psql("select content from chapter_sections where chapter_id = \(Memoir.key(5))") == "held")
    }

    @Test("more that is written than may be brought over under the lock is brought over before it")
    func tooMuch() async throws {
        var memoir = try await verified(waitingForLocks: 30)
        memoir.maximumLockedRows = 2
        // It is written while the lock is waited for, so that the limit alone can keep it from being brought over there.
        let held = try await HeldTransaction(
            in: memoir,
            "update chapters set content = '[\"newest\"]' where id in (\(Memoir.key(2)), \(Memoir.key(4)), \(Memoir.key(5)))"
        )
        let recorder = Recorder()
        #expect(try await memoir.drop(waitingFor: held, reporter: recorder).summary.state == "done")
        #expect(recorder.notices.contains { $0.contains("the table was locked for") && !$0.contains("brought over") })
        #expect(try await memoir.psql("select count(*) from chapter_sections where content = 'newest'") == "3")
    }

    @Test("one that is left half way takes up what it had copied")
    func halfWay() async throws {
        let memoir = try await verified()
        let recorder = late(memoir, "create view openings as select content from chapters")
        _ = try await memoir.failure { try await memoir.drop(reporter: recorder) }
        let archive = try await memoir.psql("select archive from etl.stages where kind = 'retire'")
        #expect(archive == "archive_1_drop_old_columns")
        #expect(
            try await memoir.psql("select count(*), min(xmin::text) = max(xmin::text) from etl.\(archive)") == "12|f")
        let copied = try await memoir.psql("select xmin, * from etl.\(archive) order by id")
        try await memoir.psql("drop view openings")
        try await memoir.drop()
        #expect(try await memoir.psql("select xmin, * from etl.\(archive) order by id") == copied)
        #expect(
            try await memoir.psql("select archive is null, state from etl.stages where kind = 'retire'") == "t|done")
    }

    @Test("what comes to depend on the columns after the last look, or is rejected then, is found under the lock")
    func lateObstacles() async throws {
        let memoir = try await verified()
        let recorder = late(
            memoir,
            """
            create view openings as select content from chapters;
            insert into etl.rejects (run_id, stage, chunk, key, code, place, message)
            values (1, 'sections', 1, '"x"', 'bad-images', 'images', 'images: no images')
            """)
        let failure = try await memoir.failure { try await memoir.drop(reporter: recorder) }
        #expect(failure.what == "2 things are in the way of dropping content, images of public.chapters")
        let starts = [
            "1 reject is open: bad-images 1",
            "these depend on content, images of public.chapters: view public.openings",
        ]
        #expect(failure.details.count == starts.count)
        for (detail, start) in zip(failure.details, starts) { #expect(detail.hasPrefix(start)) }
    }

    @Test("of two processes one drops, and both end well")
    func two() async throws {
        let memoir = try await verified(waitingForLocks: 30)
        let reader = try await HeldTransaction(in: memoir, "select count(*) from chapters")
        async let first = memoir.drop()
        try await memoir.waitForLock()
        async let second = memoir.drop(joins: true)
        #expect(
            try await eventually(within: .seconds(30)) {
                try memoir.database.psql("select count(*) from etl.audit where act = 'join'") == "1"
            })
        try await reader.commit()
        #expect(try await first.summary.state == "done")
        #expect(try await second.summary.state == "done")
        #expect(try await memoir.psql("select count(*) from etl.audit where act = 'drop'") == "1")
    }

    @Test("of two processes that begin to drop at once one drops, and both end well", arguments: 1...3)
    func atOnce(time: Int) async throws {
        var memoir = try await Memoir(80)
        memoir.limits.rows = 5
        try await memoir.run()
        async let first = memoir.drop(joins: true)
        async let second = memoir.drop(joins: true)
        #expect(try await first.summary.state == "done")
        #expect(try await second.summary.state == "done")
        #expect(try await memoir.psql("select count(*) from etl.audit where act = 'drop'") == "1")
        #expect(try await memoir.psql("select count(*) from etl.archive_1_drop_old_columns") == "80")
    }

    @Test(
        "a session that is lost while it waits for the lock, or archives, leaves nothing, and the drop is done after it"
    )
    func lostSession() async throws {
        for pause in [Pause.lock, .archive] {
            let memoir = try await verified(waitingForLocks: 30)
            let held = try await pause.hold(memoir)
            let recorder = Recorder()
            async let dropped = memoir.drop(reporter: recorder)
            let pid = try await memoir.waitForLock()
            try await memoir.psql("select pg_terminate_backend(\(pid))")
            #expect(await eventually(within: .seconds(30)) { recorder.retries.contains { $0.contains("was lost") } })
            try await held.commit()
            #expect(try await dropped.summary.state == "done")
            #expect(try await memoir.psql("select count(*) from etl.archive_1_drop_old_columns") == "12")
            #expect(try await memoir.psql("select count(*) from etl.audit where act = 'drop'") == "1")
        }
    }

    @Test("stopped in order or at once while it archives, it leaves everything as it was", arguments: [false, true])
    func stopped(atOnce: Bool) async throws {
        let memoir = try await verified(waitingForLocks: 30)
        let held = try await Pause.archive.hold(memoir)
        let interruption = Interruption()
        async let stopped = memoir.failure { try await memoir.drop(interruption: interruption) }
        try await memoir.waitForLock()
        interruption.requestStop(signal: 2)
        if atOnce { interruption.requestCancel() } else { try await held.commit() }
        #expect(try await stopped.kind == .stopped(signal: 2))
        if atOnce { try await held.commit() }
        #expect(try await memoir.columns() == "id content images cover_image")
        #expect(try await memoir.psql("select count(*) from etl.archives") == "0")
        #expect(try await memoir.drop().summary.state == "done")
    }

    /// Where a drop is made to wait.
    private enum Pause {
        case lock, archive

        func hold(_ memoir: Memoir) async throws -> HeldTransaction {
            if self == .lock { return try await HeldTransaction(in: memoir, "select count(*) from chapters") }
            // The application's own event trigger is called when the archive is made.
            try await memoir.psql(
                """
                create table gate ();
                create function wait_at_gate() returns event_trigger language plpgsql
                    as $$ begin lock table gate in share mode; end $$;
                create event trigger waits on ddl_command_end when tag in ('CREATE TABLE AS') execute function wait_at_gate()
                """)
            return try await HeldTransaction(in: memoir, "lock table gate in access exclusive mode")
        }
    }

    /// Runs SQL between the last look and the lock.
    private func late(_ memoir: Memoir, _ sql: String) -> Recorder {
        let database = memoir.database
        return Recorder { event in
            guard case .notice(let text) = event, text.contains("goes with the columns") else { return }
            do { _ = try database.psql(sql) } catch { Issue.record(error) }
        }
    }
}
