import Foundation
import Postgres
import Support
import Testing

@Suite("An interruption")
struct InterruptionTests {
    @Test("asked for as a cancel ends a statement within a second, here and on the server")
    func cancel() async throws {
        let interruption = Interruption()
        let database = try Shared.database
        async let outcome = blocking { () -> (PostgresError?, Double) in
            let session = try database.connect(interruption: interruption)
            do {
                try session.value("select pg_sleep(300) /* to be cancelled */")
                return (nil, MonotonicClock.now)
            } catch let error as PostgresError {
                return (error, MonotonicClock.now)
            }
        }
        let sleeping =
            "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() "
            + "and query like '%to be ' || 'cancelled%'"
        let isAsleep = try await eventually { try database.psql(sleeping) == "1" }
        #expect(isAsleep)
        let asked = MonotonicClock.now
        interruption.requestCancel()
        let (error, ended) = try await outcome
        #expect(error == .interrupted)
        #expect(error?.endsSession == true)
        #expect(ended - asked < 1)
        let isOver = try await eventually(within: .seconds(1)) { try database.psql(sleeping) == "0" }
        #expect(isOver)
    }

    @Test("cancels a COPY too, in either direction", arguments: [true, false])
    func cancelCopy(out: Bool) async throws {
        let interruption = Interruption()
        let error = await #expect(throws: PostgresError.self) {
            try await withSession(interruption: interruption) { session in
                try session.transaction { transaction in
                    try transaction.run("create temp table t (n int)")
                    if out {
                        try transaction.copyOut("select g from generate_series(1, 300000) g") { _ in
                            interruption.requestCancel()
                        }
                    } else {
                        interruption.requestCancel()
                        try transaction.copyIn(numbers(1...100_000), into: "t", columns: [Identifier("n")])
                    }
                }
            }
        }
        #expect(error == .interrupted)
    }

    @Test("asked for as a cancel ends a statement in seconds even where no server answers the request to cancel")
    func frozenServer() async throws {
        let server = try await blocking { try FragileServer() }
        let interruption = Interruption()
        let (error, seconds) = try await blocking { () -> (PostgresError?, Double) in
            let session = try Connection(
                to: server.connectionTarget, name: "etl test", interruption: interruption)
            // The parent of every backend is the one who takes the request.
            let status = try String(contentsOfFile: "/proc/\(session.backend.pid)/stat", encoding: .utf8)
            let postmaster = try #require(pid_t(status.split(separator: " ")[3]))
            defer { kill(postmaster, SIGCONT) }
            var start = 0.0
            let error = #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    kill(postmaster, SIGSTOP)
                    interruption.requestCancel()
                    start = MonotonicClock.now
                    try transaction.run("select pg_sleep(30)")
                }
            }
            return (error, MonotonicClock.now - start)
        }
        #expect(error == .interrupted)
        #expect(seconds < 10)
    }

    @Test("at COMMIT leaves its outcome unknown")
    func cancelAtCommit() async throws {
        let interruption = Interruption()
        let error = await #expect(throws: PostgresError.self) {
            try await withSession(interruption: interruption) { session in
                try session.transaction { _ in interruption.requestCancel() }
            }
        }
        guard case .commitUnknown = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("asked for as a stop wakes whoever waits, and lets statements go on")
    func stop() async throws {
        let interruption = Interruption()
        async let waited = blocking { () -> (Bool, Double) in
            let start = MonotonicClock.now
            return (interruption.wait(seconds: 60), MonotonicClock.now - start)
        }
        interruption.requestStop(signal: 15)
        let (isStopping, seconds) = try await waited
        #expect(isStopping)
        #expect(seconds < 10)
        #expect(interruption.isStopping)
        #expect(!interruption.isCancelled)
        #expect(try await withSession(interruption: interruption) { try $0.value("select 'well'") } == "well")
    }

    @Test("wakes whoever waits when it is a cancel too")
    func cancelWakes() async throws {
        let interruption = Interruption()
        async let waited = blocking { interruption.wait(seconds: 60) }
        interruption.requestCancel()
        #expect(try await waited)
    }

    @Test("that nobody asks for ends no wait early, and one asked for before ends it at once")
    func waiting() async throws {
        let interruption = Interruption()
        let (woken, seconds) = try await blocking {
            let start = MonotonicClock.now
            return (interruption.wait(seconds: 0.05), MonotonicClock.now - start)
        }
        #expect(!woken)
        #expect(seconds >= 0.05)
        interruption.requestStop(signal: 2)
        let longWaits = try await blocking { [interruption.wait(seconds: 1e9), interruption.wait(seconds: .infinity)] }
        #expect(longWaits == [true, true])
    }

    @Test("can be waited for longer than a poll can")
    func longWait() async throws {
        let woken = try await blocking {
            let interruption = Interruption()
            // Nothing shows from outside that the wait has begun.
            let later = Thread {
                usleep(50_000)
                interruption.requestStop(signal: 1)
            }
            later.start()
            return interruption.wait(seconds: 1e9)
        }
        #expect(woken)
    }

    @Test("keeps the first signal that asked")
    func firstSignal() {
        let interruption = Interruption()
        #expect(interruption.stopSignal == nil)
        interruption.requestStop(signal: 15)
        interruption.requestStop(signal: 2)
        #expect(interruption.stopSignal == 15)
    }

    @Test("gives its descriptors back")
    func descriptors() async {
        // More at once than a process may have: the test would be cut off by the limit.
        await #expect(processExitsWith: .success) {
            let before = openDescriptors()
            for _ in 0..<2_000 {
                let interruption = Interruption()
                interruption.requestStop(signal: 1)
                _ = interruption.wait(seconds: 1)
            }
            // The machinery of the test opens and closes a few of its own meanwhile.
            exit(openDescriptors() < before + 100 ? 0 : 1)
        }
    }
}

private func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
}
