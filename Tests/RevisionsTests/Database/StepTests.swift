import Foundation
import Postgres
import Revisions
import Support
import Testing

@Suite struct StepTests {
    @Test("upgrade and downgrade run the statements, in the schema of the tables, and move a row each")
    func thereAndBack() throws {
        let revised = try RevisedDatabase()
        let history = try RevisedDatabase.history(
            ("a", "create table t (n int); insert into t values (1);", "drop table t;"),
            ("b", "alter table t add m text;", "alter table t drop m;"))
        try revised.upgrade(history)
        #expect(try revised.applied == "a b")
        #expect(try revised.database.psql("select n, m from public.t") == "1|")
        try revised.downgrade(history, to: "-1")
        #expect(try revised.applied == "a")
        try revised.database.psql("delete from t")
        try revised.downgrade(history, to: "base")
        #expect(try revised.applied.isEmpty)
        #expect(try revised.database.psql("select to_regclass('public.t') is null") == "t")
    }

    @Test("what psql would read otherwise than the server is put into no script for it")
    func offline() throws {
        func script(_ upgrade: String) throws -> String {
            let history = try RevisedDatabase.history(("a", upgrade, nil))
            return try OfflineScript(
                history: history, schema: Identifier("public"), ledgerSchema: Identifier("etl"), ledger: ""
            ).upgrade(from: nil, to: Target("head"))
        }
        #expect(failure { _ = try script("select E'a'\n '\\';'") }?.what.contains("a.sql:4") == true)
        #expect(try script("select 'a'\n 'b;', E'\\';'").contains("E'\\';'"))
    }

    @Test("docs/ledger.md says of the table of revisions what its own comments say")
    func documented() throws {
        let revised = try RevisedDatabase()
        try revised.upgrade(RevisedDatabase.history(("a", "select 1;", nil)))
        let told = try revised.database.psql(
            """
            select format('| `%s` | %s | %s |', attname,
                          replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz'),
                          col_description(attrelid, attnum))
              from pg_attribute where attrelid = 'etl.version'::regclass and attnum > 0 order by attnum
            """)
        let document = try String(contentsOfFile: packageDirectory + "/docs/ledger.md", encoding: .utf8)
        #expect(document.contains(told))
    }

    @Test("the table of revisions is open to nobody, though default privileges would open all that is made")
    func closed() throws {
        let revised = try RevisedDatabase("alter default privileges grant all on tables to public")
        try revised.upgrade(RevisedDatabase.history(("a", "create table t (n int);", nil)))
        let open = """
            select relname from pg_class, aclexplode(relacl) a where a.grantee = 0
               and relnamespace in ('etl'::regnamespace, 'public'::regnamespace) and relkind = 'r'
            """
        #expect(try revised.database.psql("select distinct relname from (\(open)) found (relname)") == "t")
    }

    @Test("a statement that fails takes its whole revision with it, and what came before stays")
    func failing() throws {
        let revised = try RevisedDatabase()
        let history = try RevisedDatabase.history(
            ("a", "create table t (n int);", nil), ("b", "create table u (n int);\n\nselect 1 / 0;", nil))
        let failure = failure { try revised.upgrade(history) }
        #expect(failure?.kind == .failed)
        #expect(failure?.what.contains("sql/revisions/b.sql:6") == true, "\(failure?.what ?? "")")
        #expect(failure?.what.contains("division by zero") == true)
        #expect(try revised.applied == "a")
        #expect(try revised.database.psql("select to_regclass('public.u') is null") == "t")
    }

    @Test("a row that something swallows takes the step with it")
    func swallowedRow() throws {
        let revised = try RevisedDatabase()
        let history = try RevisedDatabase.history(
            ("a", "create table t (n int);", ""), ("b", "create table u (n int);", ""))
        try revised.upgrade(history, to: "a")
        try revised.database.psql("create rule nothing as on insert to etl.version do instead nothing")
        #expect(failure { try revised.upgrade(history) }?.what.contains("0 rows written where one was meant") == true)
        #expect(try revised.database.psql("select to_regclass('public.u') is null") == "t")
        try revised.database.psql(
            "drop rule nothing on etl.version; create rule nothing as on delete to etl.version do instead nothing")
        #expect(failure { try revised.downgrade(history, to: "base") }?.what.contains("0 rows written") == true)
        #expect(try revised.applied == "a")
    }

    @Test("two that upgrade at once take turns: every revision is applied once, and both end at the head")
    func together() async throws {
        let revised = try RevisedDatabase("create table log (id text)")
        let history = try RevisedDatabase.history(
            ("a", "insert into log values ('a'); select pg_sleep(0.2);", nil),
            ("b", "insert into log values ('b');", nil),
            ("c", "insert into log values ('c');", nil))
        async let first: Void = blocking { try revised.upgrade(history) }
        async let second: Void = blocking { try revised.upgrade(history) }
        _ = try await (first, second)
        #expect(try revised.database.psql("select string_agg(id, '' order by id) from log") == "abc")
        #expect(try revised.applied == "a b c")
    }

    @Test("who waits too long for another says who that is")
    func waiting() throws {
        let revised = try RevisedDatabase()
        let history = try RevisedDatabase.history(("a", "select 1;", nil))
        let other = try revised.database.connect()
        try other.transaction { transaction in
            try transaction.run("select pg_advisory_xact_lock(hashtextextended('etl revisions etl', 0))")
            let failure = failure { _ = try revised.work(history, outage: 0.5).plan(.upgrade, to: Target("head")) }
            #expect(failure?.kind == .anotherProcess)
            #expect(
                failure?.what.contains("server process \(other.backend.pid), for") == true, "\(failure?.what ?? "")")
        }
        #expect(revised.told.contains { if case .waiting = $0 { true } else { false } })
    }

    @Test("a lock that cannot be had is tried for again, and whoever has it is named")
    func blocked() async throws {
        try await blocking {
            let revised = try RevisedDatabase("create table \"My Table\" (n int)")
            let history = try RevisedDatabase.history(("a", "alter table \"My Table\" add m int;", nil))
            let other = try revised.database.connect()
            let upgrade = try other.transaction { transaction -> Background in
                try transaction.run("lock table public.\"My Table\" in share mode")
                let upgrade = Background {
                    let work = try revised.work(history, lock: 0.05)
                    for id in try work.plan(.upgrade, to: Target("head")) { try work.apply(id) }
                }
                let name = "pid \(other.backend.pid) (etl test"
                var looks = 0
                while !revised.hasRetried(because: name), looks < 1000 {
                    looks += 1
                    try transaction.run("select pg_sleep(0.02)")
                }
                #expect(revised.hasRetried(because: name), "\(revised.told)")
                return upgrade
            }
            try upgrade.wait()
            #expect(try revised.applied == "a")
        }
    }

    @Test("without the right, one sentence says who owns the table and which GRANT settles it")
    func rights() throws {
        let revised = try RevisedDatabase(
            """
            create role owner_of_tables; create role worker_of_tests login;
            create table t (n int); alter table t owner to owner_of_tables;
            create schema etl; grant all on schema etl, public to worker_of_tests;
            """)
        defer {
            _ = try? revised.database.psql(
                "drop owned by worker_of_tests, owner_of_tables; drop role worker_of_tests, owner_of_tables")
        }
        let history = try RevisedDatabase.history(("a", "comment on column t.n is 'x';", nil))
        let work = try revised.work(history, as: "worker_of_tests")
        let failure = failure { for id in try work.plan(.upgrade, to: Target("head")) { try work.apply(id) } }
        #expect(failure?.kind == .failed)
        #expect(
            failure?.next == """
                the owner of public.t is owner_of_tables: work as that role, or let it, or a superuser, say: \
                GRANT owner_of_tables TO worker_of_tests;
                """)
    }
}
