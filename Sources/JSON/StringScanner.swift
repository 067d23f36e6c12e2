/// Finds the end of a string and what is remarkable in it.
struct StringScanner {
    private let text: UnsafeRawBufferPointer
    private let start: Int
    private let isKnownUTF8: Bool
    private(set) var position: Int
    private(set) var facts: Document.Facts = []
    /// All bytes seen, laid over each other: the high bits tell whether any was beyond ASCII.
    private var seen: UInt64 = 0

    /// Starts behind the opening quote.
    init(_ text: UnsafeRawBufferPointer, from start: Int, isKnownUTF8: Bool) {
        self.text = text
        self.isKnownUTF8 = isKnownUTF8
        self.start = start
        position = start
    }

    /// Ends behind the closing quote.
    mutating func run() throws(SyntaxError) {
        while true {
            skipPlain()
            guard position < text.count else {
                throw SyntaxError("the text ends inside a string", at: position)
            }
            switch text[position] {
            case UInt8(ascii: "\""):
                if !isKnownUTF8, seen & 0x8080_8080_8080_8080 != 0,
                    !UTF8Check.isValid(UnsafeRawBufferPointer(rebasing: text[start..<position]))
                {
                    facts.insert(.unstorable)
                }
                position += 1
                return
            case UInt8(ascii: "\\"):
                facts.insert(.escaped)
                try readEscape()
            default:
                throw SyntaxError(
                    "a control character stands in a string without being escaped", at: position)
            }
        }
    }

    /// Goes to the next quote, backslash or control character, eight bytes at a time.
    private mutating func skipPlain() {
        while position + 8 <= text.count {
            let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let stops = Self.stops(in: word)
            if stops == 0 {
                seen |= word
                position += 8
            } else {
                let plain = stops.trailingZeroBitCount / 8
                seen |= word & ~(UInt64.max << UInt64(plain * 8))
                position += plain
                return
            }
        }
        while position < text.count {
            let byte = text[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return }
            seen |= UInt64(byte)
            position += 1
        }
    }

    /// The high bit of the lowest byte that ends a run of plain ones; bits above that one mean nothing.
    private static func stops(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let control = (word &- (ones &* 0x20)) & ~word
        return (control | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes))
            & (ones &* 0x80)
    }

    private mutating func readEscape() throws(SyntaxError) {
        let escape = position
        guard escape + 1 < text.count else {
            throw SyntaxError("the text ends inside a string", at: text.count)
        }
        switch text[escape + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard let unit = HexDigits.unit(in: text, at: escape + 2) else {
                throw SyntaxError("\\u needs four hexadecimal digits", at: escape)
            }
            position += 6
            if unit == 0 { facts.insert(.unstorable) }
            if unit & 0xF800 == 0xD800 { readSurrogate(unit) }
        default:
            throw SyntaxError("an unknown escape stands in a string", at: escape)
        }
    }

    /// A high surrogate takes the low one that follows; every other surrogate is alone.
    private mutating func readSurrogate(_ unit: UInt16) {
        if HexDigits.isPair(unit, followedBy: HexDigits.escapedUnit(in: text, at: position)) {
            position += 6
        } else {
            facts.insert(.unstorable)
        }
    }
}

/// The four digits of a `\u` escape.
enum HexDigits {
    /// The UTF-16 unit that four digits give; nil where they are not all there.
    static func unit(in text: UnsafeRawBufferPointer, at offset: Int) -> UInt16? {
        guard offset + 4 <= text.count else { return nil }
        var unit: UInt16 = 0
        for byte in text[offset..<offset + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                unit = unit << 4 | UInt16(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"):
                unit = unit << 4 | UInt16(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return unit
    }

    /// The unit of a whole `\uXXXX`, where one stands.
    static func escapedUnit(in text: UnsafeRawBufferPointer, at offset: Int) -> UInt16? {
        guard offset + 6 <= text.count, text[offset] == UInt8(ascii: "\\"),
            text[offset + 1] == UInt8(ascii: "u")
        else { return nil }
        return unit(in: text, at: offset + 2)
    }

    /// Whether two units are one character together.
    static func isPair(_ high: UInt16, followedBy low: UInt16?) -> Bool {
        guard let low else { return false }
        return high & 0xFC00 == 0xD800 && low & 0xFC00 == 0xDC00
    }
}
