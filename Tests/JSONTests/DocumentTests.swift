import Testing

@testable import JSON

extension Document {
    /// A document over bytes that stay in memory for as long as the closure runs.
    static func with<R>(_ text: some Collection<UInt8>, _ body: (Document) throws -> R) throws -> R {
        try Array(text).withUnsafeBytes { buffer in
            var document = Document()
            try document.parse(buffer)
            return try body(document)
        }
    }

    static func with<R>(_ text: String, _ body: (Document) throws -> R) throws -> R {
        try with(Array(text.utf8), body)
    }
}

@Suite("A document")
struct DocumentTests {
    @Test(
        "what RFC 8259 allows is accepted",
        arguments: [
            "null", " true\n", "false", "\"\"", "[]", "{}", "[ ]", "{ }", "-0", "0", "10", "1.5", "-1.5e+10",
            "1E400",
            "0e-0", "[1,2]", "{\"a\":1,\"a\":2}", "\"\\u0000\\ud800\\udc00\\udc00\"",
            "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
            "\"\u{7f}\u{85}\u{2028}\"", "\t\r\n [\t\r\n 1\t\r\n ,\t\r\n 2\t\r\n ]\t\r\n ",
            "{\"\":{\"\":[{}]}}",
            "12345678901234567890123456789012345678901234567890",
        ])
    func accepts(text: String) throws {
        try Document.with(text) { _ in }
    }

    @Test(
        "what it does not allow is refused, at the byte where reading stopped",
        arguments: [
            ("", 0), (" ", 1), ("nul", 0), ("nulL", 0), ("True", 0), ("'a'", 0), ("\u{FEFF}1", 0),
            ("\u{0B}1", 0),
            ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("]", 0), ("[1}", 2),
            ("[1]]", 3),
            ("{", 1), ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1),
            ("{1:1}", 1),
            ("{\"a\":1]", 6), ("{\"a\",1}", 4), ("01", 1), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2),
            ("1.e1", 2),
            ("1e", 2), ("1e+", 3), ("-a", 1), ("0x1", 1), ("1_0", 1), ("NaN", 0), ("Infinity", 0),
            ("-Infinity", 1),
            ("\"", 1), ("\"a", 2), ("\"\\", 2), ("\"\\\"", 3), ("\"\\x\"", 1), ("\"\\u12\"", 1),
            ("\"\\u12G4\"", 1),
            ("\"\n\"", 1), ("\"12345678\u{1F}\"", 9), ("\"\0\"", 1), ("// c\n1", 0), ("1 // c", 2),
            ("1 2", 2),
            ("\"a\" \"b\"", 4), ("{}{}", 2), ("[\"\\\"]", 5),
        ])
    func refuses(text: String, offset: Int) {
        let error = #expect(throws: SyntaxError.self) { try Document.with(text) { _ in } }
        #expect(error?.offset == offset)
    }

    @Test("a stop at any place of an eight-byte word is seen", arguments: 0..<20)
    func everyPlaceInAWord(place: Int) throws {
        let plain = String(repeating: "é", count: place) + String(repeating: "x", count: 19 - place)
        try Document.with("[\"\(plain)\",1]") { document in
            #expect(document.count(of: document.root) == 2)
        }
        let controlled = String(repeating: "x", count: place) + "\u{1}" + String(repeating: "ÿ", count: 9)
        #expect(throws: SyntaxError.self) { try Document.with("\"\(controlled)\"") { _ in } }
    }

    @Test("a hundred thousand levels are read, and counted")
    func depth() throws {
        let levels = 100_000
        try Document.with(String(repeating: "[", count: levels) + String(repeating: "]", count: levels)) {
            document in
            #expect(document.depth == levels)
        }
        try Document.with(
            String(repeating: "{\"a\":", count: levels) + "1" + String(repeating: "}", count: levels)
        ) {
            #expect($0.depth == levels)
        }
        #expect(throws: SyntaxError.self) {
            try Document.with(String(repeating: "[", count: levels)) { _ in }
        }
    }

    @Test("nodes keep source, order and offset")
    func nodes() throws {
        try Document.with("{\"b\": [1.10, {}], \"a\": \"\\u4f60\", \"b\": null}") { document in
            let members = document.members(of: document.root)
            #expect(members.map { document.contents(of: $0.key) } == [[98], [97], [98]])
            #expect(members.map { document.offset(of: $0.value) } == [6, 23, 38])
            #expect(Array(document.source(of: members[0].value)) == Array("[1.10, {}]".utf8))
            var cursor = document.start(of: members[0].value)
            let number = try #require(document.nextElement(&cursor))
            #expect(Array(document.source(of: number)) == Array("1.10".utf8))
            #expect(document.nextElement(&cursor).map(document.kind(of:)) == .object)
            #expect(document.nextElement(&cursor) == nil)
            #expect(document.contents(of: members[1].value) == Array("你".utf8))
            #expect(document.value(of: "b", in: document.root).map(document.kind(of:)) == .null)
        }
    }

    @Test("a failed parse leaves null, and the next one starts afresh")
    func reuse() throws {
        let good = Array("[1,[2]]".utf8)
        let bad = Array("[1,[2]".utf8)
        try good.withUnsafeBytes { good in
            try bad.withUnsafeBytes { bad in
                var document = Document()
                #expect(throws: SyntaxError.self) { try document.parse(bad) }
                #expect(document.kind(of: document.root) == .null)
                try document.parse(good)
                #expect(document.count(of: document.root) == 2)
                #expect(document.depth == 2)
            }
        }
    }

    @Test(
        "what PostgreSQL cannot store is noticed, in keys too, and only where it is",
        arguments: [
            ("[\"a\", \"b\\u0000\"]", [true, false]), ("[\"\\ud83d\\ude00\", \"\\ud83d\"]", [true, false]),
            ("[\"\\ude00\\ud83d\", \"\\\\ud800\"]", [false, true]),
            ("[[{\"\\u0000\":1}], {\"a\":[]}]", [false, true]),
            ("[\"\\ud800\\ud800\\udc00\", \"\\ud800x\\udc00\"]", [false, false]),
        ])
    func unstorable(text: String, expected: [Bool]) throws {
        try Document.with(text) { document in
            var cursor = document.start(of: document.root)
            var found: [Bool] = []
            while let element = document.nextElement(&cursor) { found.append(document.isStorable(element)) }
            #expect(found == expected)
            #expect(!document.isStorable(document.root))
        }
    }

    @Test(
        "invalid UTF-8 is noticed, as the decoder of the standard library sees it",
        arguments: [
            [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
            [0x80],
            [0xE4, 0xBD], [0xF0, 0x9F, 0x98], [0xF0, 0x8F, 0xBF, 0xBF], [0xC3, 0xA9], [0xE4, 0xBD, 0xA0],
            [0xF0, 0x9F, 0x98, 0x80], [0xEF, 0xBF, 0xBF], [0xF5, 0x80, 0x80, 0x80], [0xC3, 0x41],
            [0xE4, 0xBD, 0xA0, 0xE0, 0x80, 0x80], [0xE4, 0xBD, 0xA0, 0xED, 0xA0, 0x80],
            [0xED, 0xA0, 0x80, 0xE4, 0xBD, 0xA0],
            [0xE0, 0x80, 0x80, 0xE4, 0xBD, 0xA0], [0xE4, 0xBD, 0xA0, 0xE4, 0xBD, 0x20],
            [0xE4, 0xBD, 0xA0, 0xE5, 0xA5, 0xBD],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) throws {
        let padded = Array("abcdefghij".utf8) + bytes + Array("klm".utf8)
        let isValid = String(validating: padded, as: UTF8.self) != nil
        #expect(padded.withUnsafeBytes(UTF8Check.isValid) == isValid)
        try Document.with([UInt8(ascii: "\"")] + padded + [UInt8(ascii: "\"")]) { document in
            #expect(document.isStorable(document.root) == isValid)
        }
    }

    @Test("the encoding is not checked where the giver answers for it; what else cannot be stored is noticed as ever")
    func knownUTF8() throws {
        for (text, isStorable) in [([0xC0, 0x80], true), (Array("\\u0000".utf8), false)] as [([UInt8], Bool)] {
            let string = [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")]
            var document = Document(isKnownUTF8: true)
            let found = try string.withUnsafeBytes { bytes in
                try document.parse(bytes)
                return document.isStorable(document.root)
            }
            #expect(found == isStorable)
        }
    }

    @Test(
        "a string is found among names, escapes resolved",
        arguments: [
            ("\"title\"", 0), ("\"t\\u0069tle\"", 0), ("\"text\"", 1), ("\"tex\"", nil), ("\"\"", nil), ("7", nil),
        ] as [(String, Int?)])
    func names(text: String, place: Int?) throws {
        try Document.with(text) { document in
            #expect(document.place(of: document.root, among: ["title", "text"]) == place)
        }
    }
}
