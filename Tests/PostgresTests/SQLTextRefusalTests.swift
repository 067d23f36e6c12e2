import Postgres
import Testing

/// Why a script is refused; nil when it is not.
private func refusal(_ bytes: [UInt8]) -> SQLTextError? {
    do throws(SQLTextError) {
        _ = try SQLScript(name: "t.sql", bytes: bytes)
        return nil
    } catch {
        return error
    }
}

private func refusal(_ sql: String) -> SQLTextError? { refusal(Array(sql.utf8)) }

@Suite("A script is refused before any of it runs")
struct SQLTextRefusalTests {
    @Test(
        "when something is never closed, with the line where it began",
        arguments: [
            ("select 1;\n'a''", SQLTextError.Construct.string), ("\n e'\\'", .string), ("\nE'\\", .string),
            ("\nselect 'a' \n'b", .string), ("\n\"a\"\"", .quotedIdentifier), ("\n/* /* */", .comment),
            ("\n/*/", .comment), ("\n$a$ $b$ $$", .dollarQuote), ("\n$$ $", .dollarQuote),
            ("\nselect ((1)", .parenthesis), ("\ncreate function f() begin atomic select 1;", .atomicBody),
            ("\ncreate function f() begin atomic select case 1 when 1 then 1 end;", .atomicBody),
        ])
    func unterminated(sql: String, construct: SQLTextError.Construct) {
        #expect(refusal(sql)?.reason == .unterminated(construct))
        #expect(refusal(sql)?.line == 2)
    }

    @Test("when a parenthesis closes nothing")
    func unopened() {
        #expect(refusal("select 1\n)")?.reason == .unopenedParenthesis)
        #expect(refusal("select 1\n)")?.line == 2)
    }

    @Test(
        "when it speaks to psql", arguments: ["\\copy t from 'f'", "select 1 \\gexec", "select 1;\n\\! ls"])
    func metaCommand(sql: String) {
        #expect(refusal(sql)?.reason == .metaCommand)
    }

    @Test(
        "but a backslash in quotes or a comment is none",
        arguments: [#"select '\a', "\b""#, "-- \\a", "$$\\$$"])
    func quotedBackslash(sql: String) {
        #expect(refusal(sql) == nil)
    }

    @Test("when it is not UTF-8 or holds a NUL, with the line")
    func bytes() {
        #expect(refusal(Array("a\nb\n'".utf8) + [0xff, 0x27])?.line == 3)
        #expect(refusal(Array("a\nb\n'".utf8) + [0xff, 0x27])?.reason == .notUTF8)
        #expect(refusal([0x27, 0xed, 0xa0, 0x80, 0x27])?.reason == .notUTF8)
        #expect(refusal([0x27, 0xc0, 0x80, 0x27])?.reason == .notUTF8)
        #expect(refusal("--\n\0")?.description == "t.sql:2: the text holds a NUL byte")
    }

    @Test(
        "when it would begin or end a transaction",
        arguments: [
            "begin", "BEGIN isolation level serializable", "start /* */ transaction", "Commit", "end",
            "rollback",
            "rollback to savepoint a", "abort", "savepoint a", "release a", "prepare transaction 'a'",
            "commit prepared 'a'", "rollback prepared 'a'", "-- x\n /* y */ commit and chain",
        ])
    func transactionControl(sql: String) throws {
        let error = try #require(refusal("select 1;\n" + sql + "; select 2"))
        guard case .transactionControl(let words) = error.reason else {
            Issue.record("refused for another reason: \(error)")
            return
        }
        #expect(sql.uppercased().replacing("/* */ ", with: "").contains(words))
    }

    @Test(
        "but the same words elsewhere are harmless",
        arguments: [
            "select 'commit'", "select case when true then 1 end", "\"commit\"", "prepare a as select 1",
            "alter table t rename a to commit", "set transaction read only", "do $$ begin perform 1; end $$",
        ])
    func harmless(sql: String) {
        #expect(refusal(sql) == nil)
    }

    @Test(
        "when COPY would go through the connection",
        arguments: [
            "copy t from stdin", "COPY t (a, b) FROM STDIN WITH (format csv);\n1,2\n\\.\n",
            "copy t to stdout",
            "copy t from stdout", "copy (select 1) to /* */ STDOUT csv",
        ])
    func copy(sql: String) {
        #expect(refusal(sql)?.reason == .copyThroughConnection)
    }

    @Test(
        "but not for a file or a table of that name",
        arguments: [
            "copy t from '/f'", "copy (select a from stdin) to '/f'", "copy stdin to '/f'",
            "copy t to program 'x'",
        ])
    func copyElsewhere(sql: String) {
        #expect(refusal(sql) == nil)
    }

    @Test(
        "when a letter sticks to a number",
        arguments: [
            "select 1a", "select 1e'\\'';'", "select 0x1g", "select 1.5é", "select $1e'\\'';'", "select 0x1f$$;$$",
        ])
    func numbers(sql: String) {
        #expect(refusal(sql)?.reason == .letterAfterNumber)
    }

    @Test("and the sentence names the script, the line and the reason")
    func wording() {
        #expect(
            refusal("\n\ncommit")?.description
                == "t.sql:3: COMMIT is not allowed: each script runs inside one transaction that etl begins and ends"
        )
    }
}
