import Testing

/// A text, and what it is by RFC 8259 and by what `jsonb` can hold.
struct ConformanceCase: CustomTestStringConvertible, Sendable {
    enum Kind: Sendable {
        /// JSON that `jsonb` takes.
        case taken
        /// No JSON.
        case malformed
        /// JSON by the standard that `jsonb` refuses, because no text of the server holds it: a NUL, half a surrogate
        /// pair.
        case unstorable
        /// JSON by the standard with a number beyond what `numeric` holds.
        case refusedNumber
    }

    let name: String
    let text: [UInt8]
    let kind: Kind

    init(_ name: String, _ text: String, _ kind: Kind) { self.init(name, Array(text.utf8), kind) }

    init(_ name: String, _ text: [UInt8], _ kind: Kind) {
        self.name = name
        self.text = text
        self.kind = kind
    }

    var testDescription: String { name }

    static let all =
        values + numbers + badNumbers + strings + badStrings + brokenUTF8 + structures + whiteSpace + nested
}

extension ConformanceCase {
    /// A text between quotes, whatever its bytes.
    private static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(ascii: "[")] + [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\""), UInt8(ascii: "]")]
    }

    private static func each(_ kind: Kind, _ label: String, _ texts: [String]) -> [ConformanceCase] {
        texts.map {
            ConformanceCase("\(label): \($0.unicodeScalars.map { $0.escaped(asASCII: true) }.joined())", $0, kind)
        }
    }

    static let values =
        each(
            .taken, "a value",
            [
                "null", "true", "false", "0", "\"\"", "[]", "{}", "[null]", "[true,false]", "{\"\":0}",
                "{\"a\":{\"a\":{}}}",
            ])
        + each(
            .malformed, "no value",
            [
                "", "nul", "nulll", "Null", "NULL", "TRUE", "True", "tru", "fals", "undefined", "None", "nil", "NaN",
                "-NaN",
                "Infinity", "-Infinity", "+Infinity", "inf", "'a'", "`a`", "a", "é", "$", "*", "<null>", "=1", "null,",
                "null null",
                "true1", "\\u0061", "\\n\"\"",
            ])

    static let numbers =
        each(
            .taken, "a number",
            [
                "-0", "0e210000000", "-0.00e-3", "0.00e1", "-1", "0.0", "-0.0", "0e0", "0E+1", "0e-1", "1e1", "1E1",
                "1e+1", "1e-1", "123.456e78", "1.10",
                "100", "1e400",
                "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
                "18446744073709551616", "123456789012345678901234567890.123456789012345678901234567890",
                "0.1e1", "1000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
                "1e131071",
                "1e-16383", "0.000000000000000000000000000000000000000000000000000000000000000000000000000000001",
            ])
        + each(
            .refusedNumber, "a number too large for numeric",
            [
                "1e131072", "-1e131072", "1e-16384", "[1e999999]", "0e1073741823", "1e99999999999999999999",
                "{\"a\":[1e-99999]}",
            ])
        + [
            ConformanceCase("a number of the most digits", String(repeating: "9", count: 131_072), .taken),
            ConformanceCase("a number of one digit more", String(repeating: "9", count: 131_073), .refusedNumber),
        ]

    static let badNumbers = each(
        .malformed, "no number",
        [
            "+1", "++1", "-", "--1", "- 1", "-a", "01", "-01", "00", "012", "0 1", ".1", "-.1", "1.", "1.e1", "0.e1",
            "1..2", "0.1.2",
            "1e", "1e+", "1e-", "1E", "1e1.5", "1eE1", "1ee1", "e1", "1e 1", "0x1", "0x", "0b1", "0o7", "1_000",
            "1,000", "1a", "1f",
            "1n", "1d", "1L", "1/2", "1+1", "\u{FF11}", "\u{0661}", "1\u{A0}", "1٫5", "0e+-1", "9.e+", "[-]", "[1.]",
            "[.5]",
        ])

    static let strings =
        each(
            .taken, "a string",
            [
                #""a""#, #""\"""#, #""\\""#, #""\/""#, #""/""#, #""\b\f\n\r\t""#, #""\u0041""#, #""\u00e9\u00E9""#,
                #""\ud83d\ude00""#,
                #""\uD834\uDD1E""#, #""\udbff\udfff""#, #""\u0001""#, #""\u007f""#, #""\u2028""#, #""\ufffe""#,
                #""\uFDD0""#,
                #""\\u0000""#, #""\\\\""#, "\"\u{7F}\"", "\"\u{80}\"", "\"\u{2028}\u{2029}\"", "\"\u{FEFF}\"",
                "\"\u{FFFE}\u{FFFF}\"",
                "\"\u{10FFFF}\"", "\"\u{E000}\"", "\"e\u{301}\"", "\"👨‍👩‍👧\"", "\"\u{202E}abc\"", "\"//\"", "\"/* */\"",
                "\"'\"",
                "{\"\u{202E}\":1,\"é\":2,\"e\u{301}\":3}", #"{"a\"b":1,"\u0061":2,"a":3}"#,
            ])
        + each(
            .unstorable, "a string that no server stores",
            [
                #""\u0000""#, #""a\u0000b""#, #"{"\u0000":1}"#, #"{"a\u0000b":1}"#, #"["\u0000"]"#,
                #"{"a":"\u0000","a":1}"#,
                #""\ud800""#, #""\udbff""#, #""\udc00""#, #""\udfff""#, #""\udc00\ud800""#, #""\ud800\ud800""#,
                #""\ud800x""#,
                #""\ud800\n""#, #""\ud800\u0041""#, #""\ud800\ud800\udc00""#, #""\ud83d\\ude00""#, #"{"\ud800":1}"#,
                #""\uDd1e\uD834""#,
            ])

    static let badStrings = each(
        .malformed, "no string",
        [
            "\"", "\"a", "\"\\", "\"\\\"", "\"\\\\\\\"", #""\x41""#, #""\a""#, #""\v""#, #""\0""#, #""\'""#, #""\e""#,
            #""\ ""#,
            #""\u""#, #""\u1""#, #""\u12""#, #""\u123""#, #""\u12G4""#, #""\u 123""#, #""\u-123""#, #""\U0041""#,
            #""\u{41}""#,
            #""\ud83d\u""#, #""\ud83d\u1""#, #""\ud83d\x""#, "\"\\\u{E9}\"", "\"\u{0}\"", "\"\u{1}\"", "\"\u{9}\"",
            "\"\u{A}\"",
            "\"\u{D}\"", "\"\u{1F}\"", "\"a\"\"b\"", "\"a\"b", "'a\"", "\u{201C}a\u{201D}", "\"a\n\"", #"["\"]"#,
            #"{"a\":1}"#,
        ])

    static let brokenUTF8: [ConformanceCase] =
        [
            ("a continuation byte alone", [0x80]), ("half a character", [0xC3]),
            ("a lead byte before a letter", [0xC3, 0x41]),
            ("two thirds of a character", [0xE4, 0xBD]), ("three quarters of one", [0xF0, 0x9F, 0x98]),
            ("an overlong slash", [0xC0, 0xAF]), ("an overlong NUL", [0xC0, 0x80]),
            ("an overlong of three", [0xE0, 0x80, 0xAF]),
            ("an overlong of four", [0xF0, 0x80, 0x80, 0xAF]), ("half a surrogate pair", [0xED, 0xA0, 0x80]),
            ("a surrogate pair of six bytes", [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]),
            ("beyond the last", [0xF4, 0x90, 0x80, 0x80]),
            ("five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]), ("six bytes", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]),
            ("FE", [0xFE]), ("FF", [0xFF]), ("Latin-1", [0x63, 0x61, 0x66, 0xE9]),
            ("a character and half of one", [0xC3, 0xA9, 0xE4]),
        ].map { ConformanceCase("in UTF-8, \($0.0)", quoted($0.1), .unstorable) } + [
            ConformanceCase("broken UTF-8 outside a string", [0x5B, 0xFF, 0x5D], .malformed),
            ConformanceCase("broken UTF-8 behind an escape", [0x22, 0x5C, 0xE5, 0x22], .malformed),
            ConformanceCase("UTF-16, the low byte first", [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00], .malformed),
            ConformanceCase("UTF-16 without a mark", [0x00, 0x5B, 0x00, 0x5D], .malformed),
            ConformanceCase("half a byte order mark", [0xEF, 0xBB, 0x7B, 0x7D], .malformed),
        ]

    static let structures =
        each(
            .taken, "a structure",
            [
                "[1,2]", "[[],[]]", "[[[[]]]]", "[{}]", "{\"a\":[]}", "{\"a\":1,\"a\":2}",
                "{\"a\":{\"b\":1},\"a\":null}",
                "[\"\",null,-1.5e+3,{\"k\":[]}]",
            ])
        + each(
            .malformed, "no structure",
            [
                "[", "]", "{", "}", "[]]", "{}}", "[[]", "{\"a\":{}", "[}", "{]", "[1}", "{\"a\":1]", "[,]", "[,1]",
                "[1,]", "[1,,2]",
                "[1 2]", "[1;2]", "[1:2]", "(1)", "[1],", "[],[]", "{}{}", "{} []", "[3[4]]", "{,}", "{\"a\":1,}",
                "{\"a\":1,,\"b\":2}",
                "{\"a\"}", "{\"a\",1}", "{\"a\" 1}", "{\"a\":}", "{\"a\"::1}", "{\"a\":1 \"b\":2}", "{:1}", "{a:1}",
                "{'a':1}", "{1:1}",
                "{null:1}", "{[]:1}", "{{}:1}", "{\"a\":1:2}", "{\"a\":\"b\"c}", "{\"a\"=1}", "{\"a\"=>1}", "[1]#",
                "[1]//", "[1]/**/",
                "/**/[1]", "[1/**/]", "{\"a\":1}//", "{\"a\":/*x*/1}", "[1]x", "x[1]", "[\"a\",\n4\n,1,", "[*]",
                "[...]", "@", "[\"a\"",
                "{\"a\":\"b", "[1,\n\"", ")]}'\n[]", "callback([])", "[1]\u{0}", "\u{0}[1]", "[1,\u{0}2]",
            ])

    static let whiteSpace =
        each(
            .taken, "white space", [" 1 ", "\t[\n1\r,\r\n2 ]\n", " {\"a\" : 1 , \"b\" : [ ] } ", "\r\n\t \"a\""])
        + each(
            .malformed, "no white space",
            [
                " ", "\n", "\u{FEFF}", "\u{FEFF}[]", "[]\u{FEFF}", "\u{A0}1", "1\u{2003}", "\u{3000}[]", "\u{0B}1",
                "1\u{0C}", "[\u{0C}]",
                "[1\u{2028},2]", "\u{2060}1", "\u{200B}1", "\u{1A}", "1\u{1A}", "\u{8}1", "\u{1B}[0m1",
            ])

    static let nested: [ConformanceCase] = [512, 513, 1000].flatMap(nested(_:))

    private static func nested(_ levels: Int) -> [ConformanceCase] {
        let open = String(repeating: "[", count: levels)
        let close = String(repeating: "]", count: levels)
        let objects = String(repeating: "{\"a\":", count: levels) + "1" + String(repeating: "}", count: levels)
        return [
            ConformanceCase("\(levels) arrays", open + close, .taken),
            ConformanceCase("\(levels) objects", objects, .taken),
            ConformanceCase("\(levels) arrays that do not end", open, .malformed),
            ConformanceCase("\(levels) arrays and a }", open + "}", .malformed),
        ]
    }
}
