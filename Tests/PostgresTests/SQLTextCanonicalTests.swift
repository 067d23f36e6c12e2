import Postgres
import Testing

private func canonical(_ sql: String) throws -> String {
    let script = try SQLScript(name: "t.sql", bytes: Array(sql.utf8))
    return String(decoding: script.canonicalText, as: UTF8.self)
}

@Suite("The canonical text of a script")
struct SQLTextCanonicalTests {
    @Test("is its tokens with one space between, words in lower case, quoted text as it stands")
    func form() throws {
        let sql =
            #"Create  TABLE "Foo"(a INT DEFAULT -1, É text DEFAULT E'A\'b'); SELECT $X$ Y $X$::Text, x'FF'"#
        let expected =
            #"create table "Foo" ( a int default - 1 , É text default E'A\'b' ) ;"# + "\n"
            + "select $X$ Y $X$ :: text , x'FF' ;\n"
        #expect(try canonical(sql) == expected)
    }

    @Test(
        "does not change with what means nothing",
        arguments: [
            ("select 1;\nselect 2", "select 1;\r\nselect 2\r\n;"),
            ("select a.b", "SELECT /* x */ a . B -- y"),
            ("select a=-1", "select a = - 1"), ("select a*-1", "select a * -1"),
            ("select 1", "\u{feff}select 1"),
            ("select a[1:2]::int", "select a [ 1 : 2 ] :: int"), ("select 1..2", "select 1 .. 2"),
            ("select 'a'\n'b'", "select 'a' -- x\r\n\t 'b'"), ("select 1", ";;select\u{b}\u{c}1"),
            ("select a->>'b'", "select a ->> 'b'"),
        ])
    func same(one: String, other: String) throws {
        #expect(try canonical(one) == canonical(other))
    }

    @Test(
        "changes with everything else",
        arguments: [
            ("select 1", "select 1.0"), ("select 'a'", "select 'A'"), ("select a", "select \"a\""),
            ("select 'a b'", "select 'a  b'"), ("select 'a\nb'", "select 'a\r\nb'"), ("select é", "select É"),
            ("select 'é'", "select 'e\u{301}'"), ("select $$a$$", "select 'a'"),
            ("select a < = b", "select a <= b"),
            ("select '1' '2'", "select '1'\n'2'"), ("select '1'\n'2'", "select '1''2'"),
            (#"select e'\1'"# + "\n'2'", #"select e'\12'"#),
            ("select @-1", "select @ -1"), ("select U&'a'", "select U & 'a'"), ("select $1", "select $ 1"),
            ("select 1; select 2", "select 1 select 2"), ("select 1e5", "select 1e+5"),
            ("select N'a'", "select n 'a'"),
        ])
    func different(one: String, other: String) throws {
        #expect(try Array(canonical(one).utf8) != Array(canonical(other).utf8))
    }

    @Test("is its own canonical text, for thousands of random scripts")
    func idempotent() throws {
        let pieces = [
            "select", "E'\\''", "'a;'", "\n'b'", " ", "\r\n", "--x\n", "/*/**/*/", "$$;$$", "$t$ $$ $t$",
            "a$$", "1", ".5",
            "1e-3", ".", "..", ":", "::", "=", "-", "+", "@", "/", "*", "<", ">", ";", "(", ")", "\"q\"\"\"",
            "U&'x'",
            "U&", "$1", "$", "é", "case", "end", "begin", "atomic", "create function", ",", "_1", "0x1f", "|",
        ]
        var generator = SplitMix(state: 7)
        var read = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...14, using: &generator)
            let sql = (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
            guard let once = try? canonical(sql) else { continue }
            read += 1
            let twice = try canonical(once)
            guard Array(once.utf8) != Array(twice.utf8) else { continue }
            Issue.record(
                "\(sql.debugDescription) gives \(once.debugDescription), that \(twice.debugDescription)")
        }
        #expect(read > 5_000)
    }
}

/// A small generator with a fixed start, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
