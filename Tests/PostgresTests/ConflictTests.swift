import Foundation
import Postgres
import Support
import Testing

@Suite("What another session does to a transaction")
struct ConflictTests {
    @Test("a lock that is not had in time is an error to retry")
    func lockTimeout() async throws {
        let error = try await refusal {
            try await withSession { holder in
                try holder.value("create table public.contended (n int)")
                let waiter = try Shared.database.connect()
                try holder.transaction { transaction in
                    try transaction.run("lock table public.contended")
                    let settings = TransactionSettings(statement: 10, lock: 0.05)
                    _ = try waiter.transaction(settings) { try $0.run("select n from public.contended") }
                }
            }
        }
        #expect(error.sqlstate == "55P03")
        #expect(error.errorClass == .retry)
    }

    @Test("a statement that takes too long is ended by the server, and the session goes on")
    func statementTimeout() async throws {
        let (error, after) = try await withSession { session in
            let error = #expect(throws: PostgresError.self) {
                _ = try session.transaction(TransactionSettings(statement: 0.05)) { try $0.run("select pg_sleep(60)") }
            }
            return (error, try session.value("select 'well'"))
        }
        #expect(error?.serverError?.sqlstate == "57014")
        #expect(error?.errorClass == .retry)
        #expect(after == "well")
    }

    @Test("an update of what another changed since is a serialization failure")
    func serialization() async throws {
        let error = try await refusal {
            try await withSession { session in
                let other = try Shared.database.connect()
                try other.value("create table public.serial as select 1 as n")
                let settings = TransactionSettings(isolation: .repeatableRead, statement: 10)
                try session.transaction(settings) { transaction in
                    try transaction.run("select n from public.serial")
                    try other.value("update public.serial set n = 2")
                    try transaction.run("update public.serial set n = 3")
                }
            }
        }
        #expect(error.sqlstate == "40001")
        #expect(error.errorClass == .retry)
    }

    @Test("a deadlock ends one of the two, who may try again")
    func deadlock() async throws {
        _ = try await withSession {
            try $0.value("create table public.crossed as select n from generate_series(1, 2) n")
        }
        let settings = TransactionSettings(statement: 30)
        let (firstLocked, secondLocked) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        @Sendable func cross(_ rows: [Int], mine: DispatchSemaphore, theirs: DispatchSemaphore) async throws -> String?
        {
            try await withSession { session in
                do {
                    try session.transaction(settings) { transaction in
                        try transaction.run("set local deadlock_timeout = '50ms'")
                        try transaction.run("select n from public.crossed where n = \(rows[0]) for update")
                        mine.signal()
                        theirs.wait()
                        try transaction.run("select n from public.crossed where n = \(rows[1]) for update")
                    }
                    return nil
                } catch let error as PostgresError {
                    return error.errorClass == .retry ? error.serverError?.sqlstate : "\(error)"
                }
            }
        }
        async let first = cross([1, 2], mine: firstLocked, theirs: secondLocked)
        async let second = cross([2, 1], mine: secondLocked, theirs: firstLocked)
        let ends = try await [first, second]
        #expect(ends.compactMap { $0 } == ["40P01"])
    }

    @Test("an administrator who ends the session is told apart from a mistake")
    func terminated() async throws {
        let database = try Shared.database
        let error = await #expect(throws: PostgresError.self) {
            try await withSession { session in
                try session.transaction { transaction in
                    try database.psql("select pg_terminate_backend(\(session.backend.pid), 10000)")
                    try transaction.run("select 1")
                }
            }
        }
        guard case .connectionLost(_, let sqlstate) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(sqlstate == "57P01")
        #expect(error?.errorClass == .retry)
        #expect(error?.endsSession == true)
    }

    @Test("a transaction that stands idle for too long is ended by the server")
    func idle() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await withSession(deadlines: Deadlines(idle: 0.05)) { session in
                let observer = try Shared.database.connect()
                try session.transaction { transaction in
                    let pid = SQL("\(Int(session.backend.pid))")
                    while try observer.value("select count(*) from pg_stat_activity where pid = \(pid)") != "0" {
                        usleep(5_000)
                    }
                    try transaction.run("select 1")
                }
            }
        }
        guard case .connectionLost(_, let sqlstate) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(sqlstate == "25P03")
        #expect(error?.errorClass == .retry)
    }
}
