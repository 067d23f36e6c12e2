import Revisions
import Support
import Testing

@Suite struct GuardTests {
    private func plan(_ revised: RevisedDatabase, _ history: RevisionHistory) -> RevisionFailure? {
        failure { _ = try revised.work(history).plan(.upgrade, to: Target("heads")) }
    }

    @Test("a file whose statements changed after they were run is refused, with the difference")
    func changed() throws {
        let revised = try RevisedDatabase()
        try revised.upgrade(
            RevisedDatabase.history(("a", "create table t (n int);\ncomment on table t is 'x';", "drop table t;")))
        let failure = plan(
            revised,
            try RevisedDatabase.history(
                ("a", "create table t (n bigint);\ncomment on table t is 'x';", "drop table t cascade;")))
        #expect(failure?.kind == .refused)
        #expect(
            failure?.details == [
                "revision a, sql/revisions/a.sql:", "  upgrade - create table t ( n int )",
                "  upgrade + create table t ( n bigint )", "  downgrade - drop table t",
                "  downgrade + drop table t cascade",
            ])
    }

    @Test("comments, white space, line ends and the case of words are no change")
    func unchanged() throws {
        let revised = try RevisedDatabase()
        try revised.upgrade(RevisedDatabase.history(("a", "create table t (n int);", "drop table t;")))
        let reformatted = try RevisedDatabase.history(
            ("a", "/* so */ CREATE  TABLE t (\r\n  n int -- a number\r\n)\r\n;", "drop table t"))
        #expect(try revised.work(reformatted).plan(.upgrade, to: Target("heads")).isEmpty)
        #expect(try revised.work(reformatted).look().changed.isEmpty)
    }

    @Test("a stamp takes a file as it is now")
    func stampedChange() throws {
        let revised = try RevisedDatabase()
        try revised.upgrade(RevisedDatabase.history(("a", "create table t (n int);", nil), ("b", "select 1;", nil)))
        let changed = try RevisedDatabase.history(("a", "create table t (n int4);", nil), ("b", "select 1;", nil))
        #expect(try revised.work(changed).look().changed.map(\.text) == ["a"])
        _ = try revised.work(changed).stamp(to: [Target("b")], purging: false, detail: "")
        #expect(try revised.work(changed).look().changed.isEmpty)
        #expect(try revised.database.psql("select revision, how from etl.version order by 1") == "a|stamp\nb|upgrade")
    }

    @Test("revisions that are applied and have no file are refused; a purging stamp mends it")
    func lost() throws {
        let revised = try RevisedDatabase()
        try revised.upgrade(RevisedDatabase.history(("a", "select 1;", nil), ("b", "select 2;", nil)))
        let other = try RevisedDatabase.history(("a", "select 1;", nil), ("c", "select 3;", nil))
        let failure = plan(revised, other)
        #expect(failure?.what == "there is no file of these revisions, which are applied: b")
        #expect(failure?.next?.contains("etl stamp REVISION --purge") == true)
        let plan = try revised.work(other).stamp(to: [Target("a")], purging: true, detail: "")
        #expect(plan.removed.map(\.text) == ["b"])
        #expect(try revised.applied == "a")
    }

    @Test("a revision that was put below one that is applied is not skipped in silence")
    func gap() throws {
        let revised = try RevisedDatabase()
        try revised.upgrade(RevisedDatabase.history(("a", "select 1;", nil), ("b", "select 2;", nil)))
        let grown = try RevisedDatabase.history(
            ("a", "select 1;", nil), ("new", "select 9;", nil), ("b", "select 2;", nil))
        #expect(plan(revised, grown)?.what == "b applied, but what they need is not: new")
        _ = try revised.work(grown).stamp(to: [Target("b")], purging: false, detail: "")
        #expect(try revised.applied == "a b new")
    }

    @Test("a downgrade that would destroy data says what and how much, and does nothing unless the database is named")
    func losses() throws {
        let revised = try RevisedDatabase()
        let history = try RevisedDatabase.history(
            (
                "a", "create table t (n int); create table \"Ü\" (n int);",
                "drop table if exists t, public.\"Ü\", missing;"
            ),
            (
                "b", "alter table t add m text, add \"O o\" text;",
                "alter table only t drop column m, drop if exists \"O o\" restrict;"
            ))
        try revised.upgrade(history)
        try revised.database.psql(
            "insert into t values (1, 'x', null), (2, null, null), (3, 'y', null); insert into \"Ü\" values (1)")
        let work = try revised.work(history)
        let plan = try work.plan(.downgrade, to: Target("base"))
        let sentences = ["b: 2 values of column t.m", "a: 3 rows of table t", "a: 1 row of table public.\"Ü\""]
        #expect(try work.losses(plan).sentences == sentences)
        let refusal = failure { try work.refuseLosses(plan, database: nil) }
        #expect(refusal?.kind == .refused)
        #expect(refusal?.details == sentences)
        #expect(refusal?.next?.hasSuffix("--confirm \(revised.database.name)") == true)
        // Also under the lock, should a row have come since.
        #expect(failure { try work.takeBack(plan[0], database: nil) }?.details == ["2 values of column t.m"])
        #expect(failure { try work.takeBack(plan[0], database: "elsewhere") }?.kind == .refused)
        #expect(try revised.applied == "a b")
        try revised.downgrade(history, to: "base", database: revised.database.name)
        #expect(try revised.applied.isEmpty)
    }

    @Test("what is empty is no loss, and neither are constraints, defaults, indexes and views")
    func noLosses() throws {
        let revised = try RevisedDatabase()
        let history = try RevisedDatabase.history(
            (
                "a",
                "create table t (n int, m int default 1, constraint c check (n > 0)); create view v as select n from t; create index i on t (n);",
                "alter table t alter column m drop default, drop constraint c; drop index i; drop view v; alter table t drop m;"
            ))
        try revised.upgrade(history)
        try revised.database.psql("insert into t values (1, null)")
        try revised.downgrade(history, to: "base")
        #expect(try revised.applied.isEmpty)
    }

    @Test(
        "statements that destroy an unknown amount are told as what they are",
        arguments: [
            ("truncate table t;", "1 row of table t"), ("delete from t where n = 1;", "rows of t"),
            ("drop schema s cascade;", "all that is in schema s"),
            ("truncate only u cascade", "all that is in tables that refer to u"),
            ("drop type e cascade;", "all that is in columns that depend on e"),
        ])
    func unknownLosses(statement: String, sentence: String) throws {
        let revised = try RevisedDatabase(
            "create table t (n int); insert into t values (1); create schema s; create type e as enum ()")
        let history = try RevisedDatabase.history(("a", "select 1;", statement))
        try revised.upgrade(history)
        let work = try revised.work(history)
        #expect(try work.losses(try work.plan(.downgrade, to: Target("base"))).sentences == ["a: \(sentence)"])
    }

    @Test("a revision without a way back stops a downgrade before anything is done")
    func noWayBack() throws {
        let revised = try RevisedDatabase()
        let history = try RevisedDatabase.history(("a", "select 1;", nil), ("b", "select 2;", ""))
        try revised.upgrade(history)
        let work = try revised.work(history)
        let refusal = failure { try work.refuseLosses(try work.plan(.downgrade, to: Target("base")), database: nil) }
        #expect(refusal?.what == "revision a cannot be taken back: sql/revisions/a.sql has no line '-- downgrade'")
    }
}
