import Postgres
import Support
import Testing

private struct Mistake: Error, Equatable {
    let number: Int
}

@Suite("A transaction")
struct TransactionTests {
    @Test("commits when its body returns, and gives what the body gave")
    func commit() async throws {
        let database = try Shared.database
        let given = try await withSession { session in
            try session.transaction { transaction in
                try transaction.run("create table public.committed as select 5 as n")
                return 41
            }
        }
        #expect(given == 41)
        #expect(try database.psql("select n from committed") == "5")
    }

    @Test("is rolled back when its body throws, whose error is given as it is")
    func rollback() async throws {
        let database = try Shared.database
        let error = await #expect(throws: Mistake.self) {
            try await withSession { session in
                try session.transaction { transaction in
                    try transaction.run("create table public.never (n int)")
                    throw Mistake(number: 3)
                }
            }
        }
        #expect(error == Mistake(number: 3))
        #expect(try database.psql("select to_regclass('public.never') is null") == "t")
    }

    @Test("leaves a session that can be used, whatever its end was")
    func usableAfterwards() async throws {
        let found = try await withSession { session in
            #expect(throws: PostgresError.self) { _ = try session.value("select 1/0") }
            #expect(throws: Mistake.self) { try session.transaction { _ in throw Mistake(number: 1) } as Void }
            return try session.value("select 'well'")
        }
        #expect(found == "well")
    }

    @Test("whose failure the body swallowed is not taken for committed")
    func swallowedFailure() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await withSession { session in
                try session.transaction { transaction in
                    try transaction.run("create table public.swallowed (n int)")
                    _ = try? transaction.run("select 1/0")
                }
            }
        }
        #expect(error == .rolledBackAtCommit)
        #expect(try Shared.database.psql("select to_regclass('public.swallowed') is null") == "t")
    }

    @Test("that COMMIT itself refuses did not happen, and the refusal is given")
    func refusedAtCommit() async throws {
        let (error, usable) = try await withSession { session in
            let error = #expect(throws: PostgresError.self) {
                try session.transaction { transaction in
                    _ = try transaction.run(
                        """
                        create table public.deferred (n int primary key deferrable initially deferred);
                        insert into public.deferred values (1), (1)
                        """)
                }
            }
            return (error, try session.value("select 1"))
        }
        #expect(error?.serverError?.sqlstate == "23505")
        #expect(error?.endsSession == false)
        #expect(usable == "1")
        #expect(try Shared.database.psql("select to_regclass('public.deferred') is null") == "t")
    }

    @Test("gives the one row asked for, and says when there is none")
    func oneRow() async throws {
        let found = try await withSession { session in
            try session.transaction { try $0.row("select 7").int(0) }
        }
        #expect(found == 7)
        await #expect(throws: PostgresError.unexpectedAnswer("no row from: select 1 where false")) {
            try await withSession { session in
                try session.transaction { _ = try $0.row("select 1 where false") }
            }
        }
    }

    @Test("writes exactly one row where one is meant", arguments: [0, 1, 2])
    func oneChange(rows: Int) async throws {
        let problem = try await withSession { session -> PostgresError? in
            do {
                try session.transaction { transaction in
                    try transaction.run("create temp table t as select g from generate_series(1, \(rows)) g")
                    try transaction.changeOne("update t set g = g")
                }
                return nil
            } catch let error as PostgresError {
                return error
            }
        }
        let expected = PostgresError.unexpectedAnswer(
            "\(rows) rows written where one was meant: update t set g = g")
        #expect(problem == (rows == 1 ? nil : expected))
    }

    @Test("undoes only a savepoint's part when that throws, and goes on")
    func savepoint() async throws {
        let found = try await withSession { session in
            try session.transaction { transaction in
                try transaction.run("create temp table t (n int)")
                try transaction.savepoint { _ = try transaction.run("insert into t values (1)") }
                #expect(throws: Mistake.self) {
                    try transaction.savepoint {
                        try transaction.run("insert into t values (2)")
                        try transaction.savepoint { _ = try transaction.run("insert into t values (3)") }
                        throw Mistake(number: 2)
                    }
                }
                #expect(throws: PostgresError.self) {
                    try transaction.savepoint { _ = try transaction.run("insert into t values (1/0)") }
                }
                let value = try transaction.savepoint {
                    try transaction.row("insert into t values (4) returning n").int(0)
                }
                return [value, try transaction.row("select sum(n) from t").int(0)]
            }
        }
        #expect(found == [4, 5])
    }

    @Test("that only reads refuses to write")
    func readOnly() async throws {
        let settings = TransactionSettings(access: .read, statement: 10)
        let error = try await refusal {
            try await withSession { session in
                _ = try session.transaction(settings) { try $0.run("create table public.t (n int)") }
            }
        }
        #expect(error.sqlstate == "25006")
    }

    @Test("of repeatable read sees one state, of read committed each statement's own")
    func isolation() async throws {
        let found = try await withSession { session in
            let other = try Shared.database.connect()
            try other.value("create table public.seen (n int)")
            return try [TransactionSettings.Isolation.repeatableRead, .readCommitted].map { isolation in
                try session.transaction(TransactionSettings(isolation: isolation, statement: 10)) { transaction in
                    let before = try transaction.row("select count(*) from public.seen").int(0) ?? -1
                    try other.value("insert into public.seen values (1)")
                    return try (transaction.row("select count(*) from public.seen").int(0) ?? -1) - before
                }
            }
        }
        #expect(found == [0, 1])
    }
}
