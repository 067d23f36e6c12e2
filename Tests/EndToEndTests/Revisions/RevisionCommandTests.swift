import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct RevisionCommandTests {
        @Test("a new revision revises the head, and a merge joins what branched")
        func writing() async throws {
            let project = try await RevisionProject.made("")
            #expect(try await project.refusal("upgrade head", 2).contains("there are no revisions in sql/revisions/"))
            let first = try await project.output("revision -m first --rev-id aaaa1 --branch-label main")
            #expect(first.wholeMatch(of: #/sql/revisions/\d{8}_\d{4}_aaaa1_first\.sql/#) != nil)
            try await project.output("revision --message second --rev-id bbbb1")
            #expect(try await project.refusal("revision -m third --head aaaa1", 2).contains("--splice"))
            try await project.output("revision -m third --head aaaa1 --splice --rev-id cccc1 --file-template %(rev)s")
            #expect(
                try await project.refusal("revision -m fourth", 2).contains("there are several heads: bbbb1, cccc1"))
            #expect(try await project.refusal("upgrade head", 2).contains("etl merge heads -m"))
            #expect(try await project.output("branches").hasPrefix("aaaa1 (main) (branchpoint), first\n      -> "))
            try await project.output("merge heads -m join --rev-id dddd1")
            #expect(try await project.output("heads") == "dddd1 (main) (head) (mergepoint), join")
            try await project.output("upgrade head")
            let shown = try await project.output("show dddd")
            #expect(shown.contains("revises: bbbb1, cccc1"), "\(shown)")
            let edited = try await project.etl(["edit", "cccc1"], variables: ["EDITOR": "echo editing", "VISUAL": ""])
            #expect(edited.output == "editing ./sql/revisions/cccc1.sql\n")
            #expect(try await project.refusal("revision -m again --rev-id aaaa1", 2).contains("more than once"))
        }

        @Test("with --json every command says what it says as objects")
        func json() async throws {
            let project = try await RevisionProject.made(
                RevisionScenarioTests.conversations, [RevisionScenarioTests.comments])
            let words = [
                "upgrade head", "current", "current --verbose", "history", "heads", "branches", "show head",
                "edit head",
                "stamp head", "downgrade -1", "revision -m next", "upgrade head --sql", "downgrade head:base --sql",
            ]
            for words in words {
                let output = try await project.output(words + " --json")
                let last = try #require(JSONLines.last(of: output), "\(words): \(output)")
                #expect(!last.isEmpty)
            }
            let refused = try await project.etl(["upgrade", "nobody", "--json"])
            #expect(refused.status == 2)
            #expect(JSONLines.last(of: refused.output)?["code"] as? Int == 2)
        }

        @Test("files that are no revisions, or no graph, are all told before a server is asked")
        func faults() async throws {
            let project = try await RevisionProject.made(
                "",
                [
                    ("a.sql", "-- revision: a\n-- revises: b\n-- upgrade\n"),
                    ("b.sql", "-- revision: b\n-- revises: a\n-- upgrade\n"),
                ])
            let circle = try await project.refusal(
                "upgrade head --database-url postgresql://nowhere.invalid/x?sslmode=disable", 2)
            #expect(circle.contains("in a circle: a -> b -> a"))
            try project.write("c.sql", "-- revises: a\n")
            try project.write("d.sql", "-- revision: d\n-- upgrade\ncommit;\n")
            let faults = try await project.refusal("heads", 2)
            #expect(faults.contains("sql/revisions/c.sql: there is no line '-- revision: ID'"))
            #expect(faults.contains("sql/revisions/d.sql:3: COMMIT is not allowed"))
        }

        @Test("a schema etl that somebody else laid out is refused, and so is a table of revisions with code in it")
        func planted() async throws {
            let project = try await RevisionProject.made(
                "create schema etl; create table etl.version (revision text)" + ";"
                    + RevisionScenarioTests.conversations,
                [RevisionScenarioTests.comments])
            #expect(try await project.refusal("upgrade head", 4).contains("objects that are not a ledger of etl"))
            try await project.database.psql("drop schema etl cascade")
            try await project.output("upgrade head")
            try await project.database.psql(
                """
                create function f() returns trigger language plpgsql as 'begin return new; end';
                create trigger t before delete on etl.version for each row execute function f()
                """)
            #expect(try await project.refusal("downgrade -1", 4).contains("trigger t of etl.version"))
            #expect(try await project.refusal("current", 4).contains("trigger t of etl.version"))
        }

        @Test("a ledger, or its table of revisions, that belongs to a stranger is not written to; it can be read")
        func stranger() async throws {
            let role = "stranger_\(EndToEnd.seed)_of_revisions"
            let project = try await RevisionProject.made(
                "create role \(role); create schema etl authorization \(role);" + RevisionScenarioTests.conversations,
                [RevisionScenarioTests.comments])
            #expect(try await project.refusal("upgrade head", 4).contains("schema etl belongs to the role \(role)"))
            try await project.database.psql("alter schema etl owner to postgres")
            try await project.output("upgrade head")
            try await project.database.psql("alter table etl.version owner to \(role)")
            let told = try await project.refusal("downgrade -1", 4)
            #expect(told.contains("table etl.version belongs to the role \(role)"), "\(told)")
            #expect(told.contains("grant \(role) to postgres;"), "\(told)")
            #expect(try await project.output("current").hasSuffix("schema applied"))
            try await project.database.psql("drop owned by \(role); drop role \(role)")
        }

        @Test(
            "through PgBouncer revisions are applied, but for what runs outside of a transaction; an address without a server is 6",
            .enabled(if: PgBouncer.absence == nil, "PgBouncer is not installed"))
        func pooler() async throws {
            let project = try await RevisionProject.made(
                "",
                [
                    ("a.sql", "-- revision: a\n-- upgrade\ncreate table t (n int);\n"),
                    ("b.sql", "-- revision: b\n-- revises: a\n-- no transaction\n-- upgrade\nvacuum t;\n"),
                ])
            let bouncer = try await blocking { try PgBouncer(to: .shared, mode: "transaction") }
            let pooled = ["DATABASE_URL": bouncer.url(database: project.database.name)]
            let refused = try await project.etl(["upgrade", "head"], variables: pooled)
            #expect(
                refused.status == 4 && refused.stderr.contains("which a pooler does not allow"), "\(refused.stderr)")
            #expect(try await project.output("current") == "a: schema applied")
            try await project.output("upgrade head")
            let nowhere = ["DATABASE_URL": "postgresql:///x?host=\(project.scratch.path)"]
            #expect(try await project.etl(["current"], variables: nowhere).status == 6)
            let statements = try await blocking { try PgBouncer(to: .shared, mode: "statement") }
            let broken = ["DATABASE_URL": statements.url(database: project.database.name)]
            #expect(try await project.etl(["upgrade", "head"], variables: broken).status == 2)
        }

        @Test("two upgrades at once: both end with 0 and at the head, and every statement ran once")
        func together() async throws {
            let files = (1...4).map { number in
                (
                    name: "\(number).sql",
                    text: """
                    -- revision: r\(number)
                    -- revises: \(number == 1 ? "none" : "r\(number - 1)")
                    -- upgrade
                    insert into log values (\(number)); select pg_sleep(0.1);
                    """
                )
            }
            let project = try await RevisionProject.made("create table log (n int)", files)
            let both = [try project.start(["upgrade", "head"]), try project.start(["upgrade", "head"])]
            for run in both { #expect(try await run.end().status == 0) }
            #expect(try await project.database.psql("select string_agg(n::text, '' order by n) from log") == "1234")
            #expect(try await project.output("current") == "r4 (head): schema applied")
        }
    }
}
