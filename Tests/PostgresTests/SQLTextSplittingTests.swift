import Postgres
import Testing

/// The statements of a script, as written.
private func statements(_ sql: String) throws -> [String] {
    try SQLScript(name: "t.sql", bytes: Array(sql.utf8)).statements.map(\.text)
}

@Suite("A script is told apart into statements")
struct SQLTextSplittingTests {
    @Test("semicolons end statements, and the last one needs none")
    func plain() throws {
        #expect(try statements("select 1; select 2;\n\nselect 3") == ["select 1", "select 2", "select 3"])
    }

    @Test("empty statements, comments alone and an empty file are no statements")
    func empty() throws {
        #expect(try statements("").isEmpty)
        #expect(try statements(" ;; ; -- one\n /* two */ ; -- and no line feed").isEmpty)
    }

    @Test(
        "a semicolon does not end a statement inside",
        arguments: [
            "select ';'", "select ';'';'", #"select e'\';'"#, #"select E'\\', ';'"#, "select U&'\\003b;'",
            #"select 1 as "a;""b;""#, #"select U&"a;" from t"#, "select n';', b'0;', x';'",
            "select $$;$$", "select $a$;$b$;$$;$a$", "select $ä1$;$ä$;$ä1$",
            "select 1 -- ;\n", "select /* ; /* ; */ ; */ 1",
            "create rule r as on insert to t do also (delete from a; delete from b)",
            "select 'a'\n  ';'", "select e'a' -- ;\n '\\';'",
        ])
    func hidden(sql: String) throws {
        let found = try statements(sql + "; select 2")
        #expect(found.count == 2)
        #expect(found.last == "select 2")
    }

    @Test(
        "a semicolon ends a statement right behind",
        arguments: [
            #"select '\'"#, #"select "\""#, "select a$$", "select a$1$", "select $1", "select $",
            #"select U&'\'"#, "select 'a' 'b'", "select e'a', '\\'", "select 1 /* -- */", "select 1 /*/ */",
            "select 1 -- /*\n", "select 1 /* '\n\" $$ */", "select fooe'\\'", "select 5 -- '\r",
            "select 1 *-- '\n 2", "select 1 +/* ' */ 2",
        ])
    func plainAfter(sql: String) throws {
        let found = try statements(sql + "; select 2")
        #expect(found.count == 2)
        #expect(found.last == "select 2")
    }

    @Test("a comment ends at a carriage return, as on the server: what follows it is run")
    func carriageReturn() throws {
        #expect(try statements("-- harmless\rdrop table t") == ["drop table t"])
    }

    @Test("the body of an SQL-standard function is one statement, with CASE and labels in it")
    func atomicBody() throws {
        let body = """
            create or replace function f(a int default (1)) returns int begin atomic
              insert into t values (1);
              select case when a = 1 then case a when 1 then 2 end else 3 end as end, x.case from x;
            END
            """
        #expect(try statements(body + "; select 2") == [body, "select 2"])
        let procedure = "CREATE PROCEDURE p() BEGIN ATOMIC delete from t; END"
        #expect(try statements(procedure + ";select 2") == [procedure, "select 2"])
    }

    @Test("BEGIN ATOMIC means nothing outside of a function's definition")
    func atomicElsewhere() throws {
        #expect(try statements("select begin atomic; select 2").count == 2)
        #expect(try statements("create function begin() returns int as 'x'; select 2").count == 2)
    }

    @Test("a statement knows the line of its first token, past comments and line feeds in strings")
    func lines() throws {
        let sql = "\u{feff}-- one\n/* two\n three */ select\n '4\n5'\n '6';\r\nselect 7"
        let script = try SQLScript(name: "t.sql", bytes: Array(sql.utf8))
        #expect(script.statements.map(\.line) == [3, 7])
        #expect(script.statements.first?.tokens.map(\.line) == [3, 4])
        #expect(script.statements.first?.text == "select\n '4\n5'\n '6'")
    }

    @Test("text outside ASCII arrives byte for byte")
    func unicode() throws {
        let sql = "select 'e\u{301} \u{e9} \u{1f9d3}' as größe"
        let text = try #require(try statements(sql + ";").first)
        #expect(Array(text.utf8) == Array(sql.utf8))
    }
}
