import Ledger
import Postgres
import Support
import Testing

@Suite("A worker that has fallen silent")
struct SilentSessionTests {
    /// Sessions that have begun something and say nothing more; only the first is to be ended.
    private enum Who: String, CaseIterable {
        /// A worker of the run in the middle of a COPY, with a lock.
        case stuck
        /// The same behind a pooler: its backend may be another client's by now.
        case pooled
        /// A session that has got the process number of a worker.
        case another
        /// One of a role that is not ours.
        case foreign
        /// One whose worker ended in order.
        case finished
        /// A worker of another run.
        case elsewhere
        /// One that the ledger does not know.
        case unknown
        /// A worker that is not silent, but waits for the lock of the stuck one.
        case waiting
        /// A worker that does nothing, and is in nobody's way.
        case idle

        /// What it says before it falls silent.
        var words: String {
            if self == .idle { return "select 1;\n" }
            let table = self == .waiting ? Self.stuck : self
            return "begin;\nlock table s.\(table);\ncopy s.\(self) from stdin;\n1\n"
        }
    }

    /// Enters a session into the ledger as what it is.
    private static func enter(_ who: Who, run: RunID, other: RunID) -> String {
        """
        insert into etl.workers
               (run_id, number, host, os_user, os_pid, program, backend_pid, backend_start, pooled, finished_at)
        select \(who == .elsewhere ? other.value : run.value), 1, 'machine', 'somebody', 7, 'etl test', pid,
               \(who == .another ? "'1'" : "extract(epoch from backend_start)::text"), \(who == .pooled),
               \(who == .finished ? "now()" : "null")
          from pg_stat_activity where datname = current_database() and application_name = '\(who)'
        """
    }

    /// Those of them that are there, of whom more is known where a condition is given.
    private static func present(where condition: String = "true") -> String {
        """
        select string_agg(application_name, ' ' order by application_name) from pg_stat_activity
         where datname = current_database() and application_name = any ('{\(names(Who.allCases, ","))}') and \(condition)
        """
    }

    private static func names(_ those: [Who], _ separator: String = " ") -> String {
        those.map(\.rawValue).sorted().joined(separator: separator)
    }

    @Test("in the middle of a COPY is ended with its locks, once it has been so for long enough, and nobody else is")
    func copying() async throws {
        let book = try await Book.open()
        let run = try await book.beginStage().run
        let other = try await book.write { try book.ledger.lockRun(of: "other", on: Identifier("public"), $0).id }
        let role = book.database.name + "_other"
        let tables = Who.allCases.map { "create table s.\($0) (n int); grant all on s.\($0) to \(role);" }
        _ = try await book.psql("create role \(role) login; create schema s; grant usage on schema s to \(role);")
        _ = try await book.psql(tables.joined())
        var sessions: [FedPsql] = []
        func begin(_ those: [Who]) async throws {
            for who in those {
                sessions.append(
                    try FedPsql(
                        in: book.database, as: who == .foreign ? role : "postgres", name: who.rawValue,
                        saying: who.words))
            }
        }
        let silent = Who.allCases.filter { ![.waiting, .idle].contains($0) }
        try await begin(silent)
        let isSilent = Self.present(where: "wait_event = 'ClientRead' and query like 'copy%'")
        #expect(try await eventually { try await book.psql(isSilent) == Self.names(silent) })
        try await begin([.waiting, .idle])
        let isWaiting = Self.present(where: "wait_event_type = 'Lock'")
        #expect(try await eventually { try await book.psql(isWaiting) == "waiting" })
        #expect(try await eventually { try await book.psql(Self.present(where: "state = 'idle'")) == "idle" })
        for who in Who.allCases where who != .unknown {
            _ = try await book.psql(Self.enter(who, run: run, other: other))
        }

        #expect(try await book.write { try book.ledger.endSilentSessions(of: run, after: 3600, $0) } == 0)
        #expect(try await book.psql(Self.present()) == Self.names(Who.allCases))
        #expect(try await book.write { try book.ledger.endSilentSessions(of: run, after: 0, $0) } == 1)
        let others = Self.names(Who.allCases.filter { $0 != .stuck })
        #expect(try await eventually { try await book.psql(Self.present()) == others })
        // What it held is free.
        #expect(
            try await eventually {
                try await book.psql(Self.present(where: "query like 'copy s.waiting%'")) == "waiting"
            })
        withExtendedLifetime(sessions) {}
    }
}
