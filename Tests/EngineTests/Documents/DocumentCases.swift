extension DocumentCase {
    static let all =
        unstorable + framed + nested + repeated + numbers + notJSON + emptiness + shapes + indexes + verbatim + pictures

    private static let unstorable = [
        DocumentCase("a NUL in a value", #"["a\u0000b"]"#, notInJSONB: .rejected("bad-text")),
        DocumentCase("a NUL in a key that is kept", #"[{"text":"t","a\u0000b":1}]"#, notInJSONB: .rejected("bad-text")),
        DocumentCase(
            "a NUL in a key that nothing reads", #"{"sections":["t"],"a\u0000b":1}"#, notInJSONB: .rows(["t"])),
        DocumentCase(
            "a NUL in what a later key replaces", #"[{"text":"\u0000","text":"t"}]"#, notInJSONB: .rows(["t"])),
        DocumentCase(
            "a NUL that a reject would quote", #"[{"text":"t","image_index":"\u0000"}]"#,
            notInJSONB: .rejected("bad-section")),
        DocumentCase("half a surrogate pair", #"["\ud83d"]"#, notInJSONB: .rejected("bad-text")),
        DocumentCase("a surrogate pair the wrong way round", #"["\ude00\ud83d"]"#, notInJSONB: .rejected("bad-text")),
        DocumentCase(
            "half a surrogate pair in a key", #"[{"text":"t","\udc00":1}]"#, notInJSONB: .rejected("bad-text")),
        DocumentCase("a surrogate pair", #"["\ud83d\ude00"]"#, .rows(["😀"])),
    ]

    /// What stands around a document.
    private static let framed = [
        DocumentCase("white space around", " \n\t[\"a\"]\r\n ", .rows(["a"])),
        DocumentCase("a byte order mark before", "\u{FEFF}[\"a\"]", onlyInText: .rows(["a"])),
        DocumentCase("text behind", "[\"a\"] b", onlyInText: .rejected("malformed-json")),
        DocumentCase("a second document behind", "[\"a\"][\"b\"]", onlyInText: .rejected("malformed-json")),
        DocumentCase("a comma behind", "{\"text\":\"a\"},", onlyInText: .rejected("malformed-json")),
    ]

    private static let nested =
        [33, 512].map { DocumentCase("\($0) levels", levels($0), .rows(["t"])) }
        + [513, 1000, 1001, 6000].map { DocumentCase("\($0) levels", levels($0), .rejected("too-deep")) }
        + [DocumentCase("100,000 levels", levels(100_000), onlyInText: .rejected("too-deep"))]

    /// A block with an attribute, so many levels deep.
    private static func levels(_ count: Int) -> String {
        let inner = count - 2
        return #"[{"text":"t","a":"# + String(repeating: "[", count: inner) + String(repeating: "]", count: inner)
            + "}]"
    }

    private static let repeated = [
        DocumentCase("a key twice: the last counts", #"[{"text":"a","text":"b"}]"#, .rows(["b"])),
        DocumentCase("a key twice in two spellings", #"[{"text":"a","t\u0065xt":"b"}]"#, .rows(["b"])),
        DocumentCase("a list twice", #"{"sections":["a"],"sections":["b"]}"#, .rows(["b"])),
        DocumentCase("a key twice in a picture", images: #"[{"url":"a","url":"b"}]"#, .rows(["t", #" {"url": "b"}"#])),
    ]

    private static let numbers = [
        DocumentCase(
            "numbers beyond 64 bits and beyond doubles",
            images:
                #"[{"a":9223372036854775808,"b":12345678901234567890.1234567890123456789,"c":1e30,"d":-0,"e":1.10}]"#,
            .rows([
                "t",
                #" {"a": 9223372036854775808, "b": 12345678901234567890.1234567890123456789, "#
                    + #""c": 1000000000000000000000000000000, "d": 0, "e": 1.10}"#,
            ])),
        DocumentCase(
            "a number that numeric refuses", #"[{"text":"t","n":1e131072}]"#, notInJSONB: .rejected("number-range")),
        DocumentCase("such a number that nothing reads", #"{"sections":["t"],"n":1e131072}"#, notInJSONB: .rows(["t"])),
    ]

    private static let notJSON =
        [
            "NaN", "-Infinity", "'b'", "TRUE", "012", "0x1", "1.", "+1", "", "b", "\"b", "\"\\x\"", "\"\u{1}\"",
            "\"\n\"", "/**/\"b\"",
        ].map {
            DocumentCase("not JSON: \($0.debugDescription)", "[\"a\",\($0)]", onlyInText: .rejected("malformed-json"))
        }
        + [
            DocumentCase("an object that does not end", #"{"sections":["a"]"#, onlyInText: .rejected("malformed-json")),
            DocumentCase("single quotes are prose", "{'text':'b'}", onlyInText: .rows(["{'text':'b'}"])),
            DocumentCase("a bracket opens prose, too", "[NaN] b", onlyInText: .rows(["[NaN] b"])),
        ]

    private static let emptiness = [
        DocumentCase("NULL", nil, .empty),
        DocumentCase("an empty text", "", onlyInText: .empty),
        DocumentCase("a blank text", " \n", onlyInText: .empty),
        DocumentCase("null", "null", json: .empty, jsonb: .empty, text: .rows(["null"])),
        DocumentCase("an empty string", "\"\"", json: .empty, jsonb: .empty, text: .rows(["\"\""])),
        DocumentCase("an empty array", "[]", .empty),
        DocumentCase("an array of nulls", "[null,null]", .empty),
        DocumentCase("an empty object", "{}", .rejected("unknown-shape")),
        DocumentCase("an empty list", #"{"sections":[]}"#, .empty),
    ]

    private static let shapes = [
        DocumentCase(
            "a number", "42", json: .rejected("unknown-shape"), jsonb: .rejected("unknown-shape"), text: .rows(["42"])),
        DocumentCase(
            "a boolean", "true", json: .rejected("unknown-shape"), jsonb: .rejected("unknown-shape"),
            text: .rows(["true"])),
        DocumentCase(
            "JSON in a string is text", #""[\"a\"]""#, json: .rows([#"["a"]"#]), jsonb: .rows([#"["a"]"#]),
            text: .rows([#""[\"a\"]""#])),
        DocumentCase("an array of arrays", #"[["a"]]"#, .rejected("bad-section")),
        DocumentCase("a number among texts", #"["a",1]"#, .rejected("bad-section")),
        DocumentCase("a number for a text", #"[{"text":5}]"#, .rejected("bad-section")),
        DocumentCase("an object where a list is meant", #"{"sections":{"a":1}}"#, .rejected("unknown-shape")),
        DocumentCase("an object of no known key", #"{"chapter":"a"}"#, .rejected("unknown-shape")),
        DocumentCase("a block without a known key is kept", #"[{"kind":"list"}]"#, .rows([""])),
        DocumentCase("keys beside the list", #"{"sections":["a"],"version":2}"#, .rows(["a"])),
    ]

    private static let indexes =
        ["-1", "0", "99999999999999999999", "1e99"].map { index in
            DocumentCase(
                "an index that leads nowhere: \(index)", "[{\"image_index\":\(index)}]", .rejected("missing-image"))
        }
        + ["1.5", "0.0", "\"0\"", "true", "[0]", "\"\""].map { index in
            DocumentCase("no index: \(index)", "[{\"text\":\"t\",\"image_index\":\(index)}]", .rejected("bad-section"))
        }

    /// What must arrive byte for byte.
    private static let verbatim = [
        ("backslashes, tabs and line ends", #"\\.\t\\N\\\\\n\r\u000b"#, "\\.\t\\N\\\\\n\r\u{0B}"),
        ("quotes", #"'\"''$1:x\/"#, "'\"''$1:x/"),
        ("one character and two", "\u{E9}e\u{301}", "\u{E9}e\u{301}"),
        ("text that runs the other way", "a\u{202E}b\u{202C}", "a\u{202E}b\u{202C}"),
        ("characters joined", "👨\u{200D}👩\u{200D}👧", "👨\u{200D}👩\u{200D}👧"),
        ("what is no character", "\u{FFFE}\u{FFFF}\u{10FFFF}", "\u{FFFE}\u{FFFF}\u{10FFFF}"),
        ("what belongs to nobody", "\u{E000}\u{F8FF}\u{100000}", "\u{E000}\u{F8FF}\u{100000}"),
        ("a byte order mark within", "a\u{FEFF}b", "a\u{FEFF}b"),
        ("control characters", #"\u0001\u001b[31m\u007f\u0085"#, "\u{1}\u{1B}[31m\u{7F}\u{85}"),
    ].map { DocumentCase($0.0, "[\"\($0.1)\"]", .rows([$0.2])) }

    private static let pictures =
        [
            ("javascript:alert(1)", "javascript:alert(1)"), ("a b", "a b"), ("a\\r\\nb", "a\\r\\nb"),
            ("file:///etc/passwd", "file:///etc/passwd"),
            ("http://u:p@h/", "http://u:p@h/"), ("http://例え.jp/ü?#", "http://例え.jp/ü?#"),
            ("data:image/png;base64,AAAA", "data:image/png;base64,AAAA"),
        ].map {
            DocumentCase("a url as it is: \($0.0)", images: "[\"\($0.0)\"]", .rows(["t", " {\"url\": \"\($0.1)\"}"]))
        } + [
            DocumentCase("no pictures", images: "null", .rows(["t"])),
            DocumentCase("a number for pictures", images: "5", .rejected("bad-images")),
            DocumentCase("a number among pictures", images: "[5]", .rejected("bad-images")),
            DocumentCase(
                "one url", images: "u.jpg", json: .impossible, jsonb: .impossible,
                text: .rows(["t", #" {"url": "u.jpg"}"#])),
            DocumentCase(
                "pictures that are no JSON", images: "[\"u\",]", json: .impossible, jsonb: .impossible,
                text: .rejected("malformed-json")),
            DocumentCase(
                "a NUL in a picture", images: #"[{"url":"a\u0000"}]"#, json: .rejected("bad-text"), jsonb: .impossible,
                text: .rejected("bad-text")),
            DocumentCase(
                "a number in a picture that numeric refuses", images: #"[{"n":1e131072}]"#,
                json: .rejected("number-range"),
                jsonb: .impossible, text: .rejected("number-range")),
        ]
}
