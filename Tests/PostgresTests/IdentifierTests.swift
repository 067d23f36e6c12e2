import Postgres
import Support
import Testing

@Suite("An identifier")
struct IdentifierTests {
    @Test(
        "is taken where PostgreSQL can hold it whole",
        arguments: ["a", "A b", "\"", "a\"b\"\"c", "é", "e\u{301}", "😀", "'", "\\", ".", "select"])
    func taken(name: String) async throws {
        let identifier = try #require(Identifier(name))
        let stored = try await withSession { session in
            try session.transaction { transaction in
                try transaction.run("create temp table \(identifier) (\(identifier) int)")
                return try transaction.row(
                    """
                    select relname, attname from pg_class c join pg_attribute a on a.attrelid = c.oid and attnum = 1
                     where c.oid = \(.text("pg_temp." + identifier.quoted))::regclass
                    """
                ).bytes(0)
            }
        }
        #expect(stored == Array(name.utf8))
    }

    @Test("whose quote carries a combining mark still has it doubled")
    func combinedQuote() throws {
        let name = "a\"\u{301}b"
        let identifier = try #require(Identifier(name))
        #expect(Array(identifier.quoted.utf8) == Array("\"a\"\"\u{301}b\"".utf8))
    }

    @Test("has at most 63 bytes, however many characters those are")
    func length() {
        #expect(Identifier(String(repeating: "a", count: 63)) != nil)
        #expect(Identifier(String(repeating: "a", count: 64)) == nil)
        #expect(Identifier(String(repeating: "é", count: 31)) != nil)
        #expect(Identifier(String(repeating: "é", count: 32)) == nil)
        #expect(Identifier(String(repeating: "😀", count: 16)) == nil)
    }

    @Test("is neither empty nor holds a NUL", arguments: ["", "\0", "a\0b"])
    func refused(name: String) {
        #expect(Identifier(name) == nil)
    }

    @Test("equals another only byte by byte")
    func equality() throws {
        let composed = try #require(Identifier("\u{e9}"))
        let combined = try #require(Identifier("e\u{301}"))
        #expect(composed != combined)
        #expect(Set([composed, combined]).count == 2)
        #expect(try composed == #require(Identifier("\u{e9}")))
    }

    @Test("stands quoted with its schema, and for people without quotes")
    func qualified() throws {
        let name = QualifiedName(schema: Identifier("my schema"), name: try #require(Identifier("a\"b")))
        #expect(name.quoted == "\"my schema\".\"a\"\"b\"")
        #expect(name.description == "my schema.a\"b")
    }
}
