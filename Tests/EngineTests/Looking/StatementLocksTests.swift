import Foundation
import Postgres
import Support
import Testing

@testable import Engine

@Suite("The locks that a statement takes")
struct StatementLocksTests {
    private static let schema = Identifier("public" as StaticString)

    private func locks(of text: String) throws -> [LockUse]? {
        let script = try SQLScript(name: "a script", bytes: Array(text.utf8))
        return StatementLocks.of(script.statements[0], in: Self.schema)
    }

    /// What the lock on a table is and what is done under it, in words; empty where nothing is said of the table.
    private func said(of table: String, by text: String) throws -> String {
        let uses = try #require(try locks(of: text), "\(text) is not known").filter { $0.table.name.name == table }
        return uses.map { "\($0.mode.rawValue) \($0.extent.rawValue)" }.joined(separator: ", ")
    }

    private static let tables = """
        create table t (id int primary key, a int not null, b text, parent int, constraint positive check (a > 0) not valid);
        create table other (id int primary key, t int);
        create function f() returns trigger language plpgsql as 'begin return new; end';
        create trigger watch before update on t for each row execute function f();
        create index t_b on t (b);
        create unique index t_a on t (a);
        """

    @Test(
        "are those that the server takes",
        arguments: [
            ("create table if not exists n as select id as t_id, null::jsonb as j from t with no data", "moment"),
            ("create table n as select t.id from other join t on t.id = other.t", "reads-rows"),
            ("create table n (id int references t (id))", "moment"),
            ("create index on t (b) where b is not null", "builds-index"),
            ("create unique index if not exists u on only public.t (id, a)", "builds-index"),
            ("create trigger w after insert on t for each row execute function f()", "moment"),
            ("create policy p on t using (true)", "moment"),
            ("create rule r as on delete to t do also nothing", "moment"),
            ("create statistics s on a, b from t", "moment"),
            ("alter table t add column c jsonb", "moment"),
            ("alter table t add column if not exists c numeric(10, 2) default 1.5", "moment"),
            ("alter table t add c timestamptz default now()", "moment"),
            ("alter table t add c uuid default gen_random_uuid()", "rewrites-if-volatile"),
            ("alter table t add c int generated always as (a + 1) stored", "rewrites"),
            ("alter table t add c serial", "rewrites"), ("alter table t add c int unique", "builds-index"),
            ("alter table t add c int references other (id)", "reads-rows"),
            ("alter table only t drop column b, alter column a drop not null", "moment"),
            ("alter table t alter a type bigint, add column c int", "rewrites"),
            ("alter table t alter column b set not null", "reads-rows"),
            ("alter table t alter column b set default 'x', alter column b set statistics 100", "moment"),
            ("alter table t alter column b set statistics 100", "moment"),
            ("alter table t alter column b set storage external", "moment"),
            ("alter table t add constraint c check (a < 10)", "reads-rows"),
            ("alter table t add constraint c check (a < 10) not valid", "moment"),
            ("alter table t add constraint c unique (a)", "builds-index"),
            ("alter table t add constraint c unique using index t_a", "moment"),
            ("alter table t add foreign key (parent) references other", "reads-rows"),
            ("alter table t add constraint c foreign key (parent) references other (id) not valid", "moment"),
            ("alter table other add constraint c foreign key (t) references t (id) not valid", "moment"),
            ("alter table t validate constraint positive", "reads-rows"),
            ("alter table t rename column b to c", "moment"), ("alter table t rename to n", "moment"),
            ("alter table t owner to current_user", "moment"),
            ("alter table t enable row level security", "moment"),
            ("alter table t disable trigger watch", "moment"),
            ("alter table t set (fillfactor = 70)", "moment"), ("alter table t set unlogged", "rewrites"),
            ("alter table if exists public.\"t\" * drop constraint positive", "moment"),
            ("comment on table t is 'x'", "moment"), ("comment on column public.t.b is 'x'", "moment"),
            ("drop table if exists other, t", "moment"), ("truncate t", "moment"),
            ("insert into t (id, a) values (1, 1)", "writes-rows"), ("update only t set a = 2", "writes-rows"),
            ("delete from t where false", "writes-rows"), ("analyze t", "reads-rows"),
            ("lock table t in share row exclusive mode", "moment"), ("lock t", "moment"),
        ])
    func oracle(statement: String, extent: String) async throws {
        let mode = try await blocking {
            let database = try TestServer.shared.database()
            try database.psql(Self.tables)
            let connection = try database.connect()
            let settings = TransactionSettings(schemas: [Self.schema], statement: 30)
            return try connection.transaction(settings) { transaction in
                let oid = try transaction.row("select 't'::regclass::oid").int(0)
                try transaction.run(SQL(unsafe: statement))
                let held = try transaction.run(
                    "select mode from pg_locks where relation = \(.int(oid))::oid and pid = pg_backend_pid()")
                let modes = held.rows.compactMap { row in
                    LockUse.Mode.allCases.first {
                        row.text(0) == $0.rawValue.capitalized.replacing(" ", with: "") + "Lock"
                    }
                }
                return modes.max()?.rawValue
            }
        }
        #expect(try said(of: "t", by: statement) == "\(mode ?? "nothing") \(extent)")
    }

    @Test("an index that is built concurrently keeps nobody from writing")
    func concurrently() throws {
        #expect(
            try said(of: "t", by: "create index concurrently x on t (b)") == "SHARE UPDATE EXCLUSIVE builds-index")
    }

    @Test("what a statement refers to is locked, too")
    func referenced() throws {
        let text = #"alter table t add c int, add foreign key (c) references "Other"."A""b" (id) not valid"#
        let other = try #require(try locks(of: text)).last
        #expect(other?.table.quoted == #""Other"."A""b""#)
        #expect(other?.mode == .shareRowExclusive)
        #expect(try said(of: "t", by: text) == "ACCESS EXCLUSIVE moment")
    }

    @Test(
        "what concerns no table in use takes none",
        arguments: [
            "create view v as select * from t", "create schema s", "grant select on t to public", "select 1",
            "create or replace function f() returns int language sql as 'select 1'", "create type e as enum ('a')",
            "set local work_mem = '64MB'", "comment on function f() is 'x'",
        ])
    func none(text: String) throws {
        #expect(try locks(of: text) == [])
    }

    @Test(
        "what is not known is not guessed",
        arguments: [
            "do 'begin end'", "call p()", "refresh materialized view m", "alter table t attach partition p default",
            "create table p partition of t default", "create table c () inherits (t)", "drop table t cascade",
            "with gone as (delete from t returning *) select * from gone", "alter type e add value 'b'",
            "alter table t cluster on t_b", "drop index t_b", "select * from t for update", "reindex table t",
            "create publication p for table t",
        ])
    func unknown(text: String) throws {
        #expect(try locks(of: text) == nil)
    }
}
