import Foundation
import Ledger
import Postgres
import PostgresSandbox
import Support
import Synchronization
import Testing

@testable import Engine

@Suite("A server that goes away")
struct OutageTests {
    @Test("killed, crashed or stopped, and started again, costs a run nothing but time")
    func restarts() async throws {
        let mortal = try await blocking { try MortalServer() }
        var patient = try await Memoir(30, limits: BatchLimits(rows: 2, workers: 2), on: mortal.server)
        patient.deadlines.outage = 120
        let memoir = patient
        let left = Mutex([SIGKILL, SIGQUIT, SIGINT, 0])
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere >= 4 else { return }
            // One at a time, and the worker that tells waits for it: not to be missed, however fast the rest is.
            left.withLock { signals in
                guard let signal = signals.popLast() else { return }
                do {
                    if signal == 0 { return try Self.crashBackend(of: memoir) }
                    mortal.end(signal)
                    try mortal.start()
                } catch {
                    Issue.record(error)
                }
            }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [30, 30, 0, 0, 0])
        let isOver = left.withLock { $0.isEmpty }
        #expect(isOver)
        #expect(
            recorder.retries.contains { $0.contains("57P02") || $0.contains("server closed") }, "\(recorder.retries)")
        #expect(try await memoir.psql("select count(*) from etl.workers where finished_at is null") == "0")
        #expect(try await memoir.content() == Memoir(30).migrated())
    }

    /// Kills the server process of one of our sessions, which ends all sessions, and waits until the server takes new ones: a
    /// PostgreSQL 16 that is to stop while it recovers from that never comes to its end.
    private static func crashBackend(of memoir: Memoir) throws {
        let pid = try memoir.database.psql(
            "select min(pid) from pg_stat_activity where application_name like 'etl:%:2'")
        guard let pid = Int32(pid) else { return }
        let witness = try memoir.database.connect()
        kill(pid, SIGKILL)
        _ = try? witness.value("select pg_sleep(60)")
        while (try? memoir.database.psql("select 1")) == nil {}
    }

    @Test("in order lets work go on that is under way, and takes no more; what is left is done when it is back")
    func smartStop() async throws {
        let mortal = try await blocking { try MortalServer() }
        var memoir = try await Memoir(12, limits: BatchLimits(rows: 2, workers: 1), on: mortal.server)
        memoir.deadlines.outage = 1
        let isTold = Mutex(false)
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere == 4 else { return }
            isTold.withLock {
                if !$0 { mortal.send(SIGTERM) }
                $0 = true
            }
        }
        // The stage's session goes on to its end; the next stage's get none.
        let failure = try await memoir.failure { [memoir] in try await memoir.run(reporter: recorder) }
        #expect(failure.kind == .unreachable)
        #expect(failure.what.contains("57P03") || failure.what.contains("shutting down"), "\(failure.what)")
        _ = try await blocking {
            mortal.end(SIGTERM)
            try mortal.start()
        }
        memoir.deadlines.outage = 20
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
    }

    @Test("and comes back refusing us is not asked again and again")
    func refused() async throws {
        var memoir = try await owned(12, workers: 3)
        let (database, role) = (memoir.database, memoir.user ?? "")
        memoir.deadlines.outage = 600
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere == 4 else { return }
            #expect(throws: Never.self) {
                try database.psql(
                    """
                    alter role \(role) nologin;
                    select pg_terminate_backend(pid) from pg_stat_activity where usename = '\(role)'
                    """)
            }
        }
        let failure = try await memoir.failure { [memoir] in try await memoir.run(reporter: recorder) }
        // A session that was ended within its COMMIT can ask nobody whether that came to its end.
        #expect([.unreachable, .unknownOutcome].contains(failure.kind), "\(failure.kind)")
        #expect(failure.what.contains("not permitted to log in"), "\(failure.what)")
        // Each session said once that it was lost, at most.
        #expect(
            recorder.retries.count <= 4 && !recorder.retries.contains { $0.contains("log in") }, "\(recorder.retries)")
        try await memoir.psql("alter role \(role) login")
        #expect(try await memoir.run().outcomes == [12, 12, 0, 0, 0])
    }

    @Test("or has few sessions left, is worked on with fewer")
    func fewSessions() async throws {
        let memoir = try await owned(12, workers: 4)
        try await memoir.psql("alter role \(memoir.user ?? "") connection limit 2")
        let recorder = Recorder()
        #expect(try await memoir.run(reporter: recorder).outcomes == [12, 12, 0, 0, 0])
        let notices = recorder.notices.filter { $0.contains("a worker has no session, the others go on") }
        #expect(notices.count >= 3 && notices.allSatisfy { $0.contains("too many connections") }, "\(recorder.notices)")
    }

    @Test("or has no session left at all, is waited for")
    func noSession() async throws {
        let memoir = try await owned(4, workers: 1)
        let role = memoir.user ?? ""
        try await memoir.psql("alter role \(role) connection limit 0")
        // At the beginning there is none at all; at the stage that moves rows, none for a worker.
        let recorder = Recorder { event in
            let limit: Int? =
                switch event {
                case .stageBegan(stage: "sections", _): 1
                case .retrying: 3
                default: nil
                }
            guard let limit else { return }
            #expect(throws: Never.self) { try memoir.database.psql("alter role \(role) connection limit \(limit)") }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [4, 4, 0, 0, 0])
        #expect(recorder.retries.count >= 2, "\(recorder.retries)")
        #expect(recorder.retries.allSatisfy { $0.contains("too many connections") }, "\(recorder.retries)")
    }

    /// Chapters that belong to a role that is no superuser, as which the runs are.
    private func owned(_ rows: Int, workers: Int) async throws -> Memoir {
        try await Memoir(rows, limits: BatchLimits(rows: 2, workers: workers)).asOwner()
    }
}
