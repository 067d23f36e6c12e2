import Postgres
import Support
import Testing

@Suite("A statement")
struct SQLTests {
    @Test("quotes names, binds values and numbers them in order")
    func interpolation() {
        let table = QualifiedName(schema: Identifier("s"), name: Identifier("t"))
        let sql: SQL = "select \(Identifier("a\"b")) from \(table) where x = \(.int(1)) and y = \(.text("z"))"
        #expect(sql.text == "select \"a\"\"b\" from \"s\".\"t\" where x = $1 and y = $2")
        #expect(sql.parameters == [.int(1), .text("z")])
    }

    @Test("numbers the values of a piece anew wherever the piece is put in")
    func splicing() {
        let condition: SQL = "k > \(.int(1)) and k <= \(.int(2))"
        let sql: SQL = "select \(.text("a")) where \(condition) or \(condition) limit \(.int(9))"
        #expect(sql.text == "select $1 where k > $2 and k <= $3 or k > $4 and k <= $5 limit $6")
        #expect(sql.parameters == [.text("a"), .int(1), .int(2), .int(1), .int(2), .int(9)])
    }

    @Test("can be joined from pieces and lists of names")
    func joining() {
        let joined = SQL.joined(["a = \(.int(1))", "b = \(.int(2))", "c"], separator: " and ")
        #expect(joined.text == "a = $1 and b = $2 and c")
        #expect(joined.parameters == [.int(1), .int(2)])
        #expect(SQL.joined([], separator: ",").text.isEmpty)
        #expect(SQL.list([Identifier("a"), Identifier("B\"")]).text == "\"a\", \"B\"\"\"")
        #expect(("select \(7)" as SQL).text == "select 7")
    }

    @Test("a value spliced twice reaches the server in its places")
    func splicedValues() async throws {
        let pair: SQL = "\(.text("x")) || \(.text("y"))"
        let found = try await withSession { try $0.value("select \(pair) || \(.text("-")) || \(pair)") }
        #expect(found == "xy-xy")
    }

    @Test(
        "a literal means its bytes, whatever standard_conforming_strings is",
        arguments: [
            "", "plain", "it's", "'", "''", "\\", "\\'", "\\\\", "\\n", "a\\", "é", "e\u{301}", "'\u{301}", "\\\u{301}",
            "'; drop table x; --", "$$", "\n\t",
        ])
    func literals(value: String) async throws {
        let bytes = Array(value.utf8)
        let found = try await withSession { session in
            try ["on", "off"].map { setting in
                try session.transaction { transaction in
                    try transaction.run("set local standard_conforming_strings = \(unsafe: setting)")
                    return try transaction.row("select\(literal: bytes)").bytes(0)
                }
            }
        }
        #expect(found == [bytes, bytes])
    }
}
