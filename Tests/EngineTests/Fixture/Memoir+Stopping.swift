import Engine
import Postgres
import Support

extension Memoir {
    /// Runs until some rows are committed, and stops in order.
    @discardableResult
    func stop(afterRows rows: Int64, signal: Int32 = 15) async throws -> Failure {
        let interruption = Interruption()
        let stopper = Recorder { event in
            if case .progress(let progress) = event, progress.rowsHere >= rows {
                interruption.requestStop(signal: signal)
            }
        }
        return try await failure { try await run(reporter: stopper, interruption: interruption) }
    }

    /// Waits until a session of a run waits for another's lock, and gives its server process.
    @discardableResult
    func waitForLock() async throws -> String {
        // One session that asks again and again: a program for each question would miss waits of half a second.
        let database = database
        return try await blocking {
            let observer = try database.connect()
            let pause = Interruption()
            let end = MonotonicClock.now + 120
            while MonotonicClock.now < end {
                let pid = try observer.value(
                    """
                    select min(pid) from pg_stat_activity where datname = current_database()
                       and application_name like 'etl:%' and wait_event_type = 'Lock'
                    """)
                if let pid { return pid }
                _ = pause.wait(seconds: 0.002)
            }
            throw NothingWaits()
        }
    }

    /// The server process of a session of a run that waits for another's lock; empty where none does. It blocks.
    func waiter() throws -> String {
        try database.psql(
            """
            select min(pid) from pg_stat_activity where datname = current_database()
               and application_name like 'etl%' and wait_event_type = 'Lock'
            """)
    }

    /// No session came to wait for a lock.
    struct NothingWaits: Error {}
}
