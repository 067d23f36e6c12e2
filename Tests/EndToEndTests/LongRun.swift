import Support
import Testing

/// Runs that last long enough to be watched, stopped and shared.
enum LongRun {
    private static let chapters = Task {
        try await MemoirDatabase.holding(Chapters(rows: 1000, seed: 9, key: .bigint, content: .json, images: .json))
    }

    /// A database whose run takes a thousand commits.
    static func database() async throws -> MemoirDatabase {
        try await chapters.value.copy()
    }

    /// The command that takes that long.
    static let command = ["run", "chapter-sections", "--batch-rows", "2"]

    /// Starts it and returns when it has begun to move rows.
    static func start(on database: MemoirDatabase, _ more: String...) async throws -> RunningProgram {
        let run = try database.start(command + more)
        guard try await database.awaitChunks(3) else { throw UnexpectedEnd(try await run.end()) }
        return run
    }

    /// Holds a lock that no run gets past until it is released.
    static func block(_ database: MemoirDatabase) async throws -> RunningProgram {
        // What roles need takes the lock, too.
        try database.user(for: command)
        let holder = try database.session(
            "begin; lock table chapters in access exclusive mode; select pg_sleep(600)")
        let isHeld = try await eventually {
            try await database.psql(
                "select count(*) from pg_locks where relation = 'chapters'::regclass and mode = 'AccessExclusiveLock'"
                    + " and granted and database = (select oid from pg_database where datname = current_database())")
                == "1"
        }
        #expect(isHeld, "\(holder.errorsSoFar)")
        return holder
    }

    /// Lets that lock go. The server would not notice the death of a client that it has nothing to say to.
    static func release(_ holder: RunningProgram, in database: MemoirDatabase) async throws {
        try await database.psql(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and query like '%pg_sleep%' and pid <> pg_backend_pid()
            """)
        _ = try await holder.end()
    }

    /// The server processes of our sessions that wait for a lock.
    static func waiters(in database: MemoirDatabase) async throws -> [Int32] {
        let pids = try await database.psql(
            """
            select pid from pg_stat_activity where datname = current_database() and application_name like 'etl%'
               and wait_event_type = 'Lock'
            """)
        return pids.split(separator: "\n").compactMap { Int32($0) }
    }

    /// Runs to the end what was left, and says what the judge thinks of it.
    static func finish(_ database: MemoirDatabase) async throws -> (status: Int32, verdict: String) {
        let run = try await database.etl("run", "chapter-sections")
        return (run.status, try await database.verdict())
    }
}
