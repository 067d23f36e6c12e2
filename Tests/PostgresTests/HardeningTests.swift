import Postgres
import Support
import Testing

@Suite("Inside a transaction")
struct HardeningTests {
    @Test("settings are ours, whatever the role's and the database's are")
    func settings() async throws {
        let database = try await blocking { try TestServer.shared.database() }
        let found = try await blocking {
            try database.psql(
                """
                alter database \(database.name) set search_path = public;
                alter database \(database.name) set datestyle = 'German';
                alter database \(database.name) set timezone = 'Asia/Tokyo';
                alter database \(database.name) set bytea_output = 'escape';
                alter database \(database.name) set standard_conforming_strings = off;
                alter database \(database.name) set row_security = on;
                alter database \(database.name) set statement_timeout = '1d';
                alter database \(database.name) set lock_timeout = '1d';
                alter database \(database.name) set idle_in_transaction_session_timeout = '1d';
                alter database \(database.name) set default_transaction_isolation = serializable;
                alter database \(database.name) set default_transaction_read_only = on;
                alter database \(database.name) set extra_float_digits = 0;
                alter database \(database.name) set client_min_messages = error;
                """)
            let names = [
                "search_path", "datestyle", "timezone", "bytea_output", "standard_conforming_strings", "row_security",
                "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation",
                "transaction_read_only", "extra_float_digits", "client_min_messages",
                "client_connection_check_interval",
            ]
            let settings = TransactionSettings(
                schemas: [Identifier("My S"), Identifier("b")], statement: 12.5, lock: 1.5)
            return try database.connect(deadlines: Deadlines(idle: 33)).transaction(settings) { transaction in
                try names.map { try transaction.row("select current_setting(\(.text($0)))").text(0) }
            }
        }
        #expect(
            found == [
                "\"My S\", b, pg_temp", "ISO, DMY", "UTC", "hex", "on", "off", "12500ms", "1500ms", "33s",
                "read committed", "off", "3", "warning", "1s",
            ])
    }

    @Test("names are sought in the catalogue only, unless schemas are named")
    func searchPath() async throws {
        let database = try await blocking { try TestServer.shared.database() }
        let error = try await refusal {
            try await withSession(to: database) { session in
                try session.value("create table public.t (n int)")
                try session.value("select n from t")
            }
        }
        #expect(error.sqlstate == "42P01")
    }

    @Test("a temporary table does not come before the catalogue's")
    func temporaryLast() async throws {
        let settings = TransactionSettings(schemas: [Identifier("public")], statement: 10)
        let found = try await withSession { session in
            try session.transaction(settings) { transaction in
                try transaction.run("create temp table pg_class (oid int); create temp table shadow (n int)")
                try transaction.run("create table public.shadow as select 1 as n")
                return try [
                    transaction.row("select count(*) > 100 from pg_class").bool(0),
                    transaction.row("select count(*) = 1 from shadow").bool(0),
                ]
            }
        }
        #expect(found == [true, true])
    }

    @Test("rows that a policy hides are an error, not missing")
    func rowSecurity() async throws {
        let database = try await blocking { try TestServer.shared.database() }
        let error = try await refusal {
            try await blocking {
                try database.psql(
                    """
                    create role reader_\(database.name) login;
                    create table secret as select 1 as n;
                    alter table secret enable row level security;
                    grant select on secret to reader_\(database.name);
                    """)
                let session = try database.connect(as: "reader_\(database.name)")
                _ = try session.value("select n from public.secret")
            }
        }
        #expect(error.sqlstate == "42501")
        #expect(error.message.contains("row-level security"))
    }

    @Test("nothing of it is left on the session afterwards")
    func nothingLeft() async throws {
        let (inside, after) = try await withSession { session in
            let inside = try session.transaction(TransactionSettings(statement: 7, lock: 3)) {
                try $0.row("select current_setting('lock_timeout')").text(0)
            }
            try session.runOutsideTransaction("create table public.outside (n int)", lock: 0.25)
            return (inside, try session.value("select current_setting('lock_timeout')"))
        }
        #expect(inside == "3s")
        #expect(after == "0")
    }

    @Test("an index can be built concurrently only outside of it")
    func outside() async throws {
        // Others' transactions would be waited for.
        let database = try await blocking { try TestServer.shared.database() }
        let found = try await withSession(to: database) { session in
            try session.value("create table public.indexed (n int)")
            #expect(throws: PostgresError.self) {
                try session.value("create index concurrently i on public.indexed (n)")
            }
            try session.runOutsideTransaction("create index concurrently i on public.indexed (n)", lock: 2)
            return try session.value("select indisvalid from pg_index where indexrelid = 'public.i'::regclass")
        }
        #expect(found == "t")
    }
}
