import Postgres
import PostgresSandbox
import Support
import Synchronization
import Testing

@testable import Engine

@Suite("A run that is held back")
struct ThrottleTests {
    @Test("waits for a standby that is too far behind, and goes on when it has caught up")
    func standby() async throws {
        let (memoir, standby) = try await followed()
        let there = standby.server.sandbox
        _ = try await blocking { try there.query("select pg_wal_replay_pause()") }
        let rowsWhenHeld = Mutex<Int64?>(nil)
        let counter = Recorder()
        let recorder = Recorder { event in
            counter.report(event)
            guard case .notice(let text) = event, text.hasPrefix("held back") else { return }
            rowsWhenHeld.withLock { $0 = counter.rowsReported }
            #expect(throws: Never.self) { try there.query("select pg_wal_replay_resume()") }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [20, 20, 0, 0, 0])
        #expect(rowsWhenHeld.withLock { $0 } == 0)
        let notice = recorder.notices.first { $0.hasPrefix("held back") }
        #expect(notice?.contains("walreceiver is") ?? false, "\(recorder.notices)")
        #expect(notice?.contains("--max-lag") ?? false, "\(recorder.notices)")
    }

    @Test("ends in order when it is asked to stop meanwhile")
    func stopped() async throws {
        let (memoir, standby) = try await followed()
        _ = try await blocking { try standby.server.sandbox.query("select pg_wal_replay_pause()") }
        let interruption = Interruption()
        let recorder = Recorder { event in
            if case .notice(let text) = event, text.hasPrefix("held back") { interruption.requestStop(signal: 15) }
        }
        let failure = try await memoir.failure {
            try await memoir.run(reporter: recorder, interruption: interruption)
        }
        #expect(failure.kind == .stopped(signal: 15))
        let begun = try await memoir.psql(
            "select count(*) from etl.chunks where state <> 'todo' or claimant is not null")
        #expect(begun == "0")
    }

    @Test("by a standby that its role may not see is refused, with what to grant")
    func unseen() async throws {
        var (memoir, standby) = try await followed()
        try await memoir.psql(
            """
            create role plain login;
            grant create on database \(memoir.database.name) to plain;
            grant create on schema public to plain;
            alter table chapters owner to plain
            """)
        memoir.user = "plain"
        let failure = try await memoir.failure { [memoir] in try await memoir.run() }
        #expect(failure.kind == .refused)
        #expect(failure.what.contains("how far behind it is this role may not see"), "\(failure.what)")
        #expect(failure.next?.contains("pg_read_all_stats") ?? false)
        try await memoir.psql("grant pg_read_all_stats to plain")
        #expect(try await memoir.run().outcomes == [20, 20, 0, 0, 0])
        withExtendedLifetime(standby) {}
    }

    @Test("writes no more of the log a second than it may")
    func rate() async throws {
        let server = TestServer(try await blocking { try Sandbox.lend() })
        var memoir = try await Memoir(limits: BatchLimits(rows: 4, workers: 1), on: server)
        try await memoir.psql(
            """
            insert into chapters (id, content)
            select md5(i::text)::uuid, jsonb_build_array(string_agg(md5(i::text || j), ''))
              from generate_series(1, 80) i, generate_series(1, 600) j group by i
            """)
        memoir.throttle = ThrottleLimits(rate: 2 << 20)
        let database = memoir.database
        let seen = Mutex<[(written: Int64, at: Double)]>([])
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.stage == "sections" else { return }
            let written = try? database.psql("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
            seen.withLock { $0.append((written.flatMap { Int64($0) } ?? 0, MonotonicClock.now)) }
        }
        #expect(try await memoir.run(until: "sections", reporter: recorder).outcomes == [80, 80, 0, 0, 0])
        let moments = seen.withLock { $0 }
        let steps = zip(moments, moments.dropFirst()).map { $1.written - $0.written }
        let (first, last) = (try #require(moments.first), try #require(moments.last))
        let (written, largest) = (last.written - first.written, try #require(steps.max()))
        #expect(written > 4 * largest, "too little was written to tell: \(steps)")
        // What is over when a chunk begins is waited for; what that one writes comes on top.
        #expect(Double(written) <= Double(2 << 20) * (last.at - first.at) + 2 * Double(largest), "\(moments)")
        #expect(recorder.notices.contains { $0.contains("--max-wal-rate") })
    }

    /// Twenty chapters on a server that a standby follows.
    private func followed() async throws -> (Memoir, MortalServer) {
        let primary = TestServer(try await blocking { try Sandbox.lend() })
        var memoir = try await Memoir(20, limits: BatchLimits(rows: 4, workers: 2), on: primary)
        memoir.throttle = ThrottleLimits(lag: 64 << 10)
        let standby = try await blocking { try MortalServer(standbyOf: primary, follows: true) }
        let database = memoir.database
        let follows = try await eventually {
            try database.psql("select exists (select from pg_stat_replication where state = 'streaming')") == "t"
        }
        #expect(follows)
        return (memoir, standby)
    }
}
