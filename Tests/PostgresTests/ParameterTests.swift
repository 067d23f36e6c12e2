import Postgres
import Support
import Testing

@Suite("A bound value")
struct ParameterTests {
    @Test(
        "of text arrives byte by byte",
        arguments: [
            "", "'", "''", "\\", "\\'", "$1", "é", "e\u{301}", "😀", "a\u{202e}b", "\u{1}\u{7f}\t\r\n", " ", "NULL",
        ])
    func text(value: String) async throws {
        let bytes = Array(value.utf8)
        let found = try await withSession { session in
            try session.transaction { transaction in
                let row = try transaction.row("select \(.text(value)), octet_length(\(.bytesOfText(bytes)))")
                return (row.bytes(0), row.int(1))
            }
        }
        #expect(found.0 == bytes)
        #expect(found.1 == Int64(bytes.count))
    }

    @Test("that is NULL is not the empty text")
    func null() async throws {
        let found = try await withSession { session in
            try session.transaction { transaction in
                let row = try transaction.row(
                    """
                    select \(.text(nil)), \(.text("")), \(.int(nil)), \(.text(nil)) is null, \(.text("")) is null
                    """)
                return (0..<5).map { row.text($0) }
            }
        }
        #expect(found == [nil, "", nil, "t", "f"])
    }

    @Test("with a NUL byte is refused, never cut", arguments: ["\0", "a\0", "a\0b"])
    func nul(value: String) async throws {
        let error = try await refusal { try await withSession { _ = try $0.value("select \(.text(value))") } }
        #expect(error.sqlstate == "22021")
        let inArray = try await refusal {
            try await withSession { _ = try $0.value("select \(.textArray([Array(value.utf8)]))") }
        }
        #expect(inArray.sqlstate == "22021")
    }

    @Test(
        "that is no UTF-8 is refused",
        arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0x61, 0xC0, 0x80]] as [[UInt8]])
    func notUTF8(value: [UInt8]) async throws {
        let error = try await refusal { try await withSession { _ = try $0.value("select \(.bytesOfText(value))") } }
        #expect(error.sqlstate == "22021")
    }

    @Test("of text[] keeps empty elements, NULL elements and every byte of the others")
    func textArray() async throws {
        let values: [[UInt8]?] = [
            Array("a,b".utf8), nil, [], Array("\"{}\\'".utf8), Array("NULL".utf8), Array("e\u{301}".utf8),
        ]
        let found = try await withSession { session in
            try session.bytes("select v from unnest(\(.textArray(values))) with ordinality u (v, i) order by i")
        }
        #expect(found == values)
    }

    @Test("of an array may be empty")
    func emptyArrays() async throws {
        let found = try await withSession { session in
            try session.value("select \(.textArray([])) = '{}' and \(.intArray([])) = '{}'")
        }
        #expect(found == "t")
    }

    @Test("of bigint and bigint[] reaches both ends")
    func integers() async throws {
        let values: [Int64] = [.min, -1, 0, 1, .max]
        let found = try await withSession { session in
            let array = try session.bytes(
                "select v from unnest(\(.intArray(values))) with ordinality u (v, i) order by i")
            let single = try values.map { try session.value("select \(.int($0))") }
            return (array.map { $0.map { String(decoding: $0, as: UTF8.self) } }, single)
        }
        #expect(found.0 == values.map { String($0) })
        #expect(found.1 == values.map { String($0) })
    }

    @Test("of bytea holds every byte")
    func bytea() async throws {
        let value = (0...255).map { UInt8($0) }
        let found = try await withSession { session in
            try session.transaction { transaction in
                let row = try transaction.row(
                    "select length(\(.bytes(value))), \(.bytes(value)), \(.bytes([])) is null")
                return (row.int(0), row.text(1), row.text(2))
            }
        }
        #expect(found.0 == 256)
        #expect(found.1 == "\\x" + value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        #expect(found.2 == "f")
    }

    @Test("of boolean is itself")
    func booleans() async throws {
        let found = try await withSession { session in
            try session.transaction { transaction in
                let row = try transaction.row("select \(.bool(true)), \(.bool(false))")
                return [row.bool(0), row.bool(1)]
            }
        }
        #expect(found == [true, false])
    }
}
