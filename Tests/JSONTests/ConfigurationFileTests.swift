import Testing

@testable import JSON

@Suite("A file that people write")
struct ConfigurationFileTests {
    private func read(_ text: String) throws(ConfigurationError) -> LocatedValue {
        try ConfigurationFile.read(Array(text.utf8))
    }

    @Test("values keep their kind, their order and their line, and comments do not count")
    func values() throws {
        let file = try read(
            """
            \u{FEFF}// who reads this
            { "b": [1, -2.50, /* not
              two */ true],
              "a": "x // no comment \\" /* nor this */",
              "n": null }
            """)
        guard case .object(let members) = file.content else {
            Issue.record("not an object: \(file)")
            return
        }
        #expect(file.line == 2)
        #expect(members.map(\.key) == ["b", "a", "n"])
        #expect(members.map(\.line) == [2, 4, 5])
        #expect(
            members[0].value.content
                == .array([
                    LocatedValue(line: 2, content: .integer(1)),
                    LocatedValue(line: 2, content: .number("-2.50")),
                    LocatedValue(line: 3, content: .bool(true)),
                ]))
        #expect(members[1].value.content == .string("x // no comment \" /* nor this */"))
        #expect(members[2].value.content == .null)
    }

    @Test(
        "what json-c would alter or overlook is refused, with its line",
        arguments: [
            ("{\"a\": 1,\n \"a\": 2}", 2, "the key \"a\" stands here twice"),
            ("{\n\n\"n\": 9223372036854775808}", 3, "the number does not fit 64 bits"),
            ("[\"\\ud800\"]", 1, "the string holds a NUL, half a surrogate pair or invalid UTF-8"),
            ("{\"a\\u0000b\": 1}", 1, "the key holds a NUL, half a surrogate pair or invalid UTF-8"),
            ("[1,\n2,\n]", 3, "a value was expected"),
            ("['a']", 1, "a value was expected"),
            ("[NaN]", 1, "a value was expected"),
            ("[1] /* open", 1, "the comment that begins here has no end"),
            ("{} {}", 1, "something follows the value"),
            ("", 1, "a value is missing at the end"),
        ])
    func refusals(text: String, line: Int, problem: String) {
        #expect(throws: ConfigurationError(line: line, problem: problem)) { try read(text) }
    }

    @Test("the largest and the smallest integer keep their value")
    func limits() throws {
        let file = try read("[9223372036854775807, -9223372036854775808, -0]")
        let expected: [LocatedValue.Content] = [.integer(.max), .integer(.min), .integer(0)]
        #expect(file.content == .array(expected.map { LocatedValue(line: 1, content: $0) }))
    }

    @Test("invalid UTF-8 is refused, also where only half a character is missing")
    func invalidUTF8() {
        #expect(throws: ConfigurationError.self) {
            try ConfigurationFile.read(Array("[\"".utf8) + [0xC3] + Array("\"]".utf8))
        }
    }

    @Test("nesting is bounded, and the bound itself is read")
    func nesting() throws {
        let fine = String(repeating: "[", count: 32) + "1" + String(repeating: "]", count: 32)
        _ = try read(fine)
        #expect(throws: ConfigurationError(line: 1, problem: "nested deeper than 32 levels")) {
            try read("[" + fine + "]")
        }
    }
}

@Suite("JSON that the program writes")
struct JSONValueTests {
    @Test("keys keep their order, slashes stay, strings are escaped")
    func compact() {
        let value = JSONValue.object([
            ("z", .string("a/b \"q\" \n é")), ("a", .array([.int(.min), .null, .bool(true), .double(.nan)])),
        ])
        #expect(value.text() == #"{"z":"a/b \"q\" \n é","a":[-9223372036854775808,null,true,null]}"#)
    }

    @Test("pretty text says the same on several lines")
    func pretty() throws {
        let text = JSONValue.object([("a", .int(1)), ("b", .array([]))]).text(pretty: true)
        #expect(text.contains("\n"))
        let members = try ConfigurationFile.read(Array(text.utf8)).content
        guard case .object(let members) = members else {
            Issue.record("not an object: \(text)")
            return
        }
        #expect(members.map(\.key) == ["a", "b"])
    }
}
