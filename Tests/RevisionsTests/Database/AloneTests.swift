import Postgres
import Revisions
import Support
import Testing

/// Steps whose statements run outside of a transaction.
@Suite struct AloneTests {
    private static func history(_ upgrade: String, _ downgrade: String = "drop index concurrently if exists i;") throws
        -> RevisionHistory
    {
        try RevisedDatabase.history(
            ("a", "create table t (n int); insert into t values (1), (1);", "drop table t;"),
            ("b", "-- no transaction\n\(upgrade)", "-- no transaction\n\(downgrade)"))
    }

    @Test("statements that no transaction takes are run, in the schema of the tables")
    func concurrently() throws {
        let revised = try RevisedDatabase()
        let history = try Self.history("create index concurrently i on t (n);")
        try revised.upgrade(history)
        #expect(try revised.applied == "a b")
        #expect(
            try revised.database.psql("select indisvalid from pg_index where indexrelid = 'public.i'::regclass") == "t")
        try revised.downgrade(history, to: "-1")
        #expect(try revised.applied == "a")
    }

    @Test("where a later statement fails the step stays marked, is refused, and its printed repairs work")
    func repairs() throws {
        let revised = try RevisedDatabase()
        let history = try Self.history(
            "drop index concurrently if exists i;\ncreate unique index concurrently i on t (n);")
        let first = failure { try revised.upgrade(history) }
        #expect(first?.what.contains("sql/revisions/b.sql:6") == true, "\(first?.what ?? "")")
        #expect(first?.next?.contains("etl upgrade b --redo") == true)
        #expect(first?.details.contains("all of them: etl stamp b") == true)
        #expect(first?.details.contains("none of them: etl stamp a") == true)
        #expect(try revised.applied == "a b:upgrading")
        let again = failure { try revised.upgrade(history) }
        #expect(again?.kind == .refused)
        #expect(again?.next == first?.next)
        // The cause is settled, and the step repeated: an invalid index is in its way no more.
        try revised.database.psql("delete from t where ctid = (select min(ctid) from t)")
        #expect(try revised.work(history).redo(.upgrade, database: nil)?.text == "b")
        #expect(try revised.applied == "a b")
        #expect(
            try revised.database.psql("select indisvalid from pg_index where indexrelid = 'public.i'::regclass") == "t")
    }

    @Test("a stamp settles a marked step either way", arguments: [("a", "a"), ("b", "a b")])
    func stamps(target: String, applied: String) throws {
        let revised = try RevisedDatabase()
        let history = try Self.history("create unique index concurrently i on t (n);")
        _ = failure { try revised.upgrade(history) }
        #expect(try revised.applied == "a b:upgrading")
        _ = try revised.work(history).stamp(to: [Target(target)], purging: false, detail: "")
        #expect(try revised.applied == applied)
    }

    @Test("a first statement that is refused, and leaves nothing, leaves no mark either")
    func nothingLeft() throws {
        let revised = try RevisedDatabase()
        let history = try Self.history("vacuum nowhere;", "vacuum nowhere;")
        #expect(failure { try revised.upgrade(history) }?.what.contains("nowhere") == true)
        #expect(try revised.applied == "a")
        let fine = try Self.history("vacuum t;", "vacuum nowhere;")
        try revised.upgrade(fine)
        #expect(failure { try revised.downgrade(fine, to: "-1") }?.what.contains("nowhere") == true)
        #expect(try revised.applied == "a b")
    }

    @Test("a half-done downgrade is repaired in the same way")
    func downgrade() throws {
        let revised = try RevisedDatabase()
        let history = try Self.history(
            "create index concurrently if not exists i on t (n);",
            "drop index concurrently if exists i; vacuum nowhere;")
        try revised.upgrade(history)
        let failure = failure { try revised.downgrade(history, to: "-1") }
        #expect(failure?.next?.contains("etl downgrade b --redo") == true)
        #expect(try revised.applied == "a b:downgrading")
        try revised.database.psql("create table nowhere ()")
        #expect(try revised.work(history).redo(.downgrade, database: nil)?.text == "b")
        #expect(try revised.applied == "a")
    }

    @Test("while the process that runs such a step lives, others wait")
    func others() async throws {
        try await blocking {
            let revised = try RevisedDatabase()
            let history = try Self.history("create index concurrently i on t (n);")
            try revised.upgrade(history, to: "a")
            let writer = try revised.database.connect()
            let upgrade = try writer.transaction { transaction -> Background in
                // The index waits for the writer, and whoever comes now waits for the index.
                try transaction.run("lock table public.t in row exclusive mode")
                let upgrade = Background { try revised.upgrade(history) }
                var looks = 0
                while try revised.applied != "a b:upgrading", looks < 500 { looks += 1 }
                let failure = failure { _ = try revised.work(history, outage: 0.5).plan(.upgrade, to: Target("head")) }
                #expect(failure?.kind == .anotherProcess, "\(failure as Any)")
                return upgrade
            }
            try upgrade.wait()
            #expect(try revised.applied == "a b")
        }
    }
}
