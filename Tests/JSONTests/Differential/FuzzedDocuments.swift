/// Texts near to JSON, the same ones for the same seed: grown from the grammar, and most of them hurt in a place or two.
struct FuzzedDocuments {
    private var state: UInt64
    private var text: [UInt8] = []

    init(seed: UInt64) {
        state = seed
    }

    /// The next text.
    mutating func next() -> [UInt8] {
        text.removeAll(keepingCapacity: true)
        switch below(1000) {
        case 0..<5: nest(below(600))
        case 5: longNumber()
        default: value(levels: 4)
        }
        for _ in 0..<[0, 0, 1, 1, 1, 2, 3][below(7)] { hurt() }
        return text
    }

    private mutating func below(_ bound: Int) -> Int {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) >> 33) % bound
    }

    private mutating func append(oneOf words: [StaticString]) {
        let word = words[below(words.count)]
        text.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func value(levels: Int) {
        append(oneOf: Self.blanks)
        switch below(levels > 0 ? 9 : 6) {
        case 0: append(oneOf: ["null", "true", "false"])
        case 1, 2: number()
        case 3: string()
        case 4: append(oneOf: ["[]", "{}", "[ ]", "{\n}", "\"\""])
        case 5: string()
        case 6: list("[", "]", levels: levels) { $0.value(levels: levels - 1) }
        default:
            list("{", "}", levels: levels) { documents in
                documents.key()
                documents.append(oneOf: Self.blanks)
                documents.append(oneOf: [":"])
                documents.value(levels: levels - 1)
            }
        }
        append(oneOf: Self.blanks)
    }

    private static let blanks: [StaticString] = ["", "", "", "", " ", "\n", "\t", "\r\n "]

    private mutating func list(
        _ open: StaticString, _ close: StaticString, levels: Int, _ element: (inout FuzzedDocuments) -> Void
    ) {
        append(oneOf: [open])
        for place in 0...below(4) {
            if place > 0 { append(oneOf: [","]) }
            element(&self)
        }
        append(oneOf: [close])
    }

    /// Few keys, so that many are there twice, in several spellings.
    private mutating func key() {
        append(oneOf: [
            "\"a\"", "\"\\u0061\"", "\"b\"", "\"aa\"", "\"é\"", "\"e\u{301}\"", "\"\\u00e9\"", "\"\"", "\"Z\"", "\"老\"",
            "\"k\\n\"",
        ])
    }

    private mutating func string() {
        append(oneOf: ["\""])
        for _ in 0..<below(6) {
            append(oneOf: [
                "a", "plain text of some length", "é", "老屋", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\b\\f\\r\\t",
                "\\u00e9",
                "\\ud83d\\ude00", "\\uD834\\udd1e", "\u{7f}", "\u{2028}", "\u{fffe}", "\u{10ffff}", "\\u001f", " ", "'",
                "//",
                "\\u0000", "\\ud800", "\\udc00", "\\udc00\\ud800", "\\ufffd", "\u{202e}",
            ])
        }
        append(oneOf: ["\""])
    }

    private mutating func number() {
        append(oneOf: ["", "", "-"])
        append(oneOf: [
            "0", "7", "12", "70", "9223372036854775807", "9223372036854775808", "12345678901234567890123456789", "100",
        ])
        append(oneOf: ["", "", ".0", ".50", ".000000000000000000001", ".1234567890123456789"])
        if below(50) > 0 {
            append(oneOf: ["", "", "", "e1", "E+2", "e-3", "e0", "e00012"])
        } else {
            append(oneOf: ["E400", "e-16383", "e-16384", "e131060", "e131072", "e1073741823"])
        }
    }

    private mutating func longNumber() {
        let digits = 131_065 + below(14)
        text.append(contentsOf: repeatElement(UInt8(ascii: "9"), count: digits))
        append(oneOf: ["", "", "e2", "e-4", ".5", "e-16383"])
    }

    private mutating func nest(_ levels: Int) {
        let isObject = below(2) == 0
        for _ in 0..<levels { append(oneOf: isObject ? ["{\"a\":"] : ["["]) }
        value(levels: 1)
        for _ in 0..<levels { append(oneOf: isObject ? ["}"] : ["]"]) }
    }

    /// Damages the text in one place.
    private mutating func hurt() {
        let place = below(text.count + 1)
        let end = min(text.count, place + 1 + below(4))
        switch below(9) {
        case 0: text.removeSubrange(place...)
        case 1: text.removeSubrange(place..<end)
        case 2: text.insert(contentsOf: Array(text[place..<end]), at: place)
        case 3 where place < text.count: text[place] ^= UInt8(1 << below(8))
        case 4 where place < text.count: text[place] = UInt8(below(256))
        case 5: insert(Self.structure[below(Self.structure.count)], at: place)
        case 6: insert(Self.escapes[below(Self.escapes.count)], at: place)
        case 7: insert(Self.brokenUTF8[below(Self.brokenUTF8.count)], at: place)
        default: insert(Self.structure[below(Self.structure.count)], at: place)
        }
    }

    private mutating func insert(_ bytes: [UInt8], at place: Int) { text.insert(contentsOf: bytes, at: place) }

    private static let structure = [
        "[", "]", "{", "}", ",", ":", "\"", "-", "+", ".", "e", "0", "1", " ", "\t", "null", "tru", "NaN", "Infinity",
        "'", "/*",
        "//", "\u{0B}", "\u{0C}", "\0", "\u{1F}", "\u{FEFF}", "\u{A0}", "01", "1.", "{\"a\":1,}", "\n",
    ].map { Array($0.utf8) }

    private static let escapes = [
        "\\", "\\u", "\\u12", "\\u12G4", "\\x41", "\\U0041", "\\'", "\\u0000", "\\ud800", "\\udfff", "\\ud83d\\u0041",
        "\\0",
        "\\ud800\\ud800\\udc00",
    ].map { Array($0.utf8) }

    private static let brokenUTF8: [[UInt8]] = [
        [0x80], [0xC3], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
        [0xED, 0xBF, 0xBF], [0xE4, 0xBD], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
        [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xEF, 0xBB, 0xBF],
    ]
}
