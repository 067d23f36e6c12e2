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

    @Test("by the log that it may write begins no other chunk, and stops when it is asked to")
    func rate() async throws {
        let server = TestServer(try await blocking { try Sandbox.lend() })
        var memoir = try await Memoir(20, limits: BatchLimits(rows: 4, workers: 1), on: server)
        // A chunk writes more than could be waited for.
        memoir.throttle = ThrottleLimits(rate: 1)
        let interruption = Interruption()
        let recorder = Recorder { event in
            if case .notice(let text) = event, text.contains("--max-wal-rate") { interruption.requestStop(signal: 15) }
        }
        let failure = try await memoir.failure { [memoir] in
            try await memoir.run(reporter: recorder, interruption: interruption)
        }
        #expect(failure.kind == .stopped(signal: 15))
        #expect(try await memoir.psql("select count(*) from etl.chunks where state = 'done'") == "1")
        memoir.throttle = ThrottleLimits(rate: 1 << 40)
        #expect(try await memoir.run().outcomes == [20, 20, 0, 0, 0])
    }

    @Test("waits for as long as the log is ahead, and saves nothing up")
    func window() {
        var window = LogWindow(began: 10, position: 1000)
        #expect(window.excess(at: 1000, now: 10, rate: 100) == nil)
        #expect(window.excess(at: 1300, now: 11, rate: 100) == 2)
        #expect(window.excess(at: 1300, now: 12.5, rate: 100) == 0.5)
        #expect(window.excess(at: 1300, now: 13, rate: 100) == nil)
        // A quiet minute allows no more than a busy one.
        #expect(window.excess(at: 1300, now: 73, rate: 100) == nil)
        #expect(window.excess(at: 1500, now: 74, rate: 100) == 1)
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
