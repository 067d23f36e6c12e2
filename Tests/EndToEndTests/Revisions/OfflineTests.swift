import Support
import Testing

extension Behaviour {
    /// Scripts for psql against the commands themselves.
    @Suite struct OfflineTests {
        /// Names and texts that would break out of their quotes if they could, and all forms of statements.
        private static let files = [
            (
                name: "1.sql",
                text: #"""
                -- title: it's a "title" with \ and :etl_no_ledger and $$ in it
                -- revision: aaaa
                -- revises: none
                -- branch labels: main
                -- upgrade
                create table "a""b; drop table x; --" (n int, "ü 表" text);
                comment on column "a""b; drop table x; --"."ü 表" is E'it''s \\ a $$comment$$; \'quoted\' :etl_no_ledger';
                create function f() returns text language sql begin atomic select 'x;y'; select case when true then 'z' end; end;
                create function g() returns text language plpgsql as $body$
                begin -- upgraded; it's nothing
                  return '\' || $$;$$;
                end $body$;
                -- downgrade
                drop function g();
                drop function f();
                drop table "a""b; drop table x; --";
                """#
            ),
            (
                name: "2.sql",
                text: """
                -- title: index
                -- revision: bbbb
                -- revises: aaaa
                -- no transaction
                -- upgrade
                create index concurrently i on "a""b; drop table x; --" (n);
                -- downgrade
                drop index concurrently i;
                """
            ),
            (
                name: "3.sql",
                text: """
                -- revision: cccc
                -- revises: aaaa
                -- depends on: bbbb
                -- upgrade
                create view v as select n /* a comment; with a semicolon */ from "a""b; drop table x; --"; -- the end
                """ + "\n-- downgrade\ndrop view v"
            ),
        ]

        private func psql(_ script: String, on project: RevisionProject) async throws -> ProgramResult {
            try await blocking { [url = project.database.url] in
                try runProgram("psql", arguments: ["-X", "-d", url, "-f", "-"], input: Array(script.utf8))
            }
        }

        @Test("a script for psql leaves the database that the command leaves, there and back")
        func same() async throws {
            let online = try await RevisionProject.made("", Self.files)
            let offline = try await online.copy(on: MemoirDatabase.empty())
            for (range, target) in [("base:aaaa", "aaaa"), ("aaaa:heads", "heads")] {
                try await online.output("upgrade \(target)")
                let script = try await offline.output("upgrade \(range) --sql")
                let run = try await psql(script, on: offline)
                #expect(run.status == 0, "\(run.stderr)")
                #expect(run.output.isEmpty)
                #expect(try await offline.state() == online.state(), "\(target)")
            }
            #expect(try await offline.output("upgrade heads").hasPrefix("nothing to do"))
            for (range, target) in [("heads:aaaa", "aaaa"), ("aaaa:base", "base")] {
                try await online.output("downgrade \(target)")
                let script = try await offline.output("downgrade \(range) --sql")
                let run = try await psql(script, on: offline)
                #expect(run.status == 0, "\(run.stderr)")
                #expect(try await offline.state() == online.state(), "\(target)")
            }
        }

        @Test("a script stops where the database is not where it begins, and where a step was left half done")
        func elsewhere() async throws {
            let project = try await RevisionProject.made("", Self.files)
            try await project.output("upgrade aaaa")
            let before = try await project.state()
            let whole = try await psql(try await project.output("upgrade heads --sql"), on: project)
            #expect(whole.status == 3)
            #expect(whole.stderr.contains("other revisions are applied than this script begins from: aaaa"))
            #expect(try await project.state() == before)
            // What is already there makes the step fail that runs outside of a transaction.
            try await project.database.psql(#"create index i on "a""b; drop table x; --" (n)"#)
            let half = try await psql(try await project.output("upgrade aaaa:bbbb --sql"), on: project)
            #expect(half.status == 3)
            #expect(try await project.refusal("upgrade heads", 4).contains("is not known to be done"))
            try await project.output("stamp bbbb")
            try await project.output("upgrade heads")
        }

        @Test("names with line breaks, quotes and what psql obeys stay names in a script")
        func oddNames() async throws {
            let scratch = try Scratch()
            func name(_ start: String) -> String { "\(start)\n\\! touch \(scratch.path)/\(start)\n--\"" }
            func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
            let file = (
                name: "1.sql",
                text:
                    "-- revision: aaaa\n-- upgrade\ncreate table t (\(quoted(name("c"))) int);\n-- downgrade\ndrop table t;\n"
            )
            let project = try await RevisionProject.made("create schema \(quoted(name("s")))", [file])
            let places = ["--schema", name("s"), "--ledger-schema", name("l")]
            func made() async throws -> String {
                try await project.database.psql(
                    """
                    select relnamespace::regnamespace, relname, attname from pg_class c
                      join pg_attribute on attrelid = c.oid and attnum = 1 where relname in ('t', 'version') order by 2
                    """)
            }
            for words in [["upgrade", "base:heads"], ["downgrade", "heads:base"]] {
                let script = try await project.etl(words + ["--sql"] + places)
                #expect(script.status == 0, "\(script.stderr)")
                let run = try await psql(script.output, on: project)
                #expect(run.status == 0 && run.output.isEmpty, "\(run.stderr)")
                let expected = words[0] == "upgrade" ? "\(quoted(name("s")))|t|\(name("c"))\n" : ""
                #expect(try await made() == expected + "\(quoted(name("l")))|version|revision")
                #expect(try scratch.names == [])
            }
        }

        @Test("a downgrade without a database must be told where it begins")
        func ends() async throws {
            let project = try await RevisionProject.made("", Self.files)
            #expect(try await project.refusal("downgrade base --sql", 2).contains("FROM:TO"))
            #expect(try await project.refusal("downgrade :base --sql", 2).contains("both ends"))
            #expect(try await project.refusal("upgrade aaaa:heads", 2).contains("is no target"))
        }
    }
}
