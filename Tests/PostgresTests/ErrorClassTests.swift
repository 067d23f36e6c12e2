import Postgres
import Support
import Testing

@Suite("The class of an error")
struct ErrorClassTests {
    @Test(
        "is retry for what may pass",
        arguments: [
            "08000", "08003", "08006", "08P01", "40001", "40P01", "53000", "53100", "53200", "53300", "55P03", "57014",
            "57P01", "57P02", "57P03", "57P05", "25P03",
        ])
    func retry(sqlstate: String) {
        #expect(ErrorClass(sqlstate: sqlstate) == .retry)
    }

    @Test(
        "is row for data at fault",
        arguments: [
            "22000", "22001", "22003", "22007", "22021", "22P02", "22P03", "22P05", "23503", "23505", "23514", "23P01",
        ])
    func row(sqlstate: String) {
        #expect(ErrorClass(sqlstate: sqlstate) == .row)
    }

    @Test(
        "is stop for everything else, known or not",
        arguments: [
            "42P01", "42501", "42601", "28000", "28P01", "25006", "25P02", "0A000", "XX000", "XX001", "22023", "23502",
            "23000", "40000", "40002", "55006", "55000", "57000", "57P04", "3D000", "54001", "P0001", "99999", "", "2",
            "00000",
        ])
    func stop(sqlstate: String) {
        #expect(ErrorClass(sqlstate: sqlstate) == .stop)
    }

    @Test("follows the SQLSTATE where one is known, and is retry for a session lost without one")
    func ofErrors() {
        #expect(PostgresError.connectionLost(reason: "", sqlstate: nil).errorClass == .retry)
        #expect(PostgresError.connectionLost(reason: "", sqlstate: "57P01").errorClass == .retry)
        #expect(PostgresError.connectionLost(reason: "", sqlstate: "XX000").errorClass == .stop)
        #expect(PostgresError.cannotConnect(reason: "", sqlstate: "28P01").errorClass == .stop)
        #expect(PostgresError.deadlinePassed(what: "", seconds: 1).errorClass == .retry)
        #expect(PostgresError.commitUnknown(reason: "").errorClass == .retry)
        for error in [
            PostgresError.rolledBackAtCommit, .copyCountDiffers(table: "", sent: 1, stored: 0), .interrupted,
            .unexpectedAnswer(""),
        ] {
            #expect(error.errorClass == .stop)
        }
    }

    /// What provokes an error, and what is to come of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let sqlstate: String
        let errorClass: ErrorClass
        let sql: SQL

        var testDescription: String { sqlstate }
    }

    @Test(
        "is the same for the errors of a real server",
        arguments: [
            Case(sqlstate: "22P02", errorClass: .row, sql: "select 'x'::int"),
            Case(sqlstate: "22003", errorClass: .row, sql: "select 3000000000::int"),
            Case(sqlstate: "22021", errorClass: .row, sql: "select convert_from('\\xff', 'UTF8')"),
            Case(sqlstate: "22P05", errorClass: .row, sql: "select '\"\\u0000\"'::jsonb"),
            Case(
                sqlstate: "23505", errorClass: .row,
                sql: "create temp table t (n int unique); insert into t values (1), (1)"),
            Case(
                sqlstate: "23514", errorClass: .row,
                sql: "create temp table t (n int check (n > 1)); insert into t values (1)"),
            Case(
                sqlstate: "23503", errorClass: .row,
                sql:
                    "create temp table p (n int primary key); create temp table t (n int references p); insert into t values (1)"
            ),
            Case(
                sqlstate: "23502", errorClass: .stop,
                sql: "create temp table t (n int not null); insert into t values (null)"),
            Case(sqlstate: "42P01", errorClass: .stop, sql: "select * from nowhere"),
            Case(sqlstate: "42601", errorClass: .stop, sql: "selec"),
            Case(sqlstate: "22023", errorClass: .stop, sql: "select set_config('work_mem', '-5', true)"),
            Case(sqlstate: "25006", errorClass: .stop, sql: "set transaction read only; create table public.t (n int)"),
            Case(
                sqlstate: "0A000", errorClass: .stop,
                sql: "create temp table t (n int); alter table t add primary key (n) not valid"),
            Case(sqlstate: "55P03", errorClass: .retry, sql: "select n from public.locked for update nowait"),
        ])
    func provoked(one: Case) async throws {
        let database = try await blocking { try TestServer.shared.database() }
        let error = try await refusal {
            try await blocking {
                let holder = try database.connect()
                try holder.value("create table public.locked as select 1 as n")
                try holder.transaction { transaction in
                    try transaction.run("select n from public.locked for update")
                    _ = try database.connect().value(one.sql)
                }
            }
        }
        #expect(error.sqlstate == one.sqlstate)
        #expect(error.errorClass == one.errorClass)
    }
}
