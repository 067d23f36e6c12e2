/// Whether bytes are text that PostgreSQL can hold in a UTF-8 database.
public enum UTF8Check {
    /// Valid UTF-8: no overlong form, no surrogate, nothing beyond U+10FFFF.
    public static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        while position < text.count {
            if position + 8 <= text.count {
                let word = text.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 == 0 {
                    position += 8
                    continue
                }
                if isTwoCommonThrees(UInt64(littleEndian: word)) {
                    position += 6
                    continue
                }
            }
            let length = sequenceLength(in: text, at: position)
            guard length > 0 else { return false }
            position += length
        }
        return true
    }

    /// Valid UTF-8 without a NUL, which PostgreSQL's `text` cannot hold.
    public static func isStorable(_ text: UnsafeRawBufferPointer) -> Bool {
        isValid(text) && !text.contains(0)
    }

    /// Whether the first six bytes are two characters of three bytes, which is what Chinese text consists of.
    /// The lead bytes E0 and ED, whose second byte is restricted, are left to the thorough check.
    private static func isTwoCommonThrees(_ word: UInt64) -> Bool {
        guard word & 0xC0C0_F0C0_C0F0 == 0x8080_E080_80E0 else { return false }
        let lows = word & 0x0F00_000F
        return lows & 0x0F != 0 && lows & 0x0F != 0x0D && lows >> 24 != 0 && lows >> 24 != 0x0D
    }

    /// The length of the character that begins here, 0 where none does.
    static func sequenceLength(in text: UnsafeRawBufferPointer, at position: Int) -> Int {
        let first = text[position]
        if first < 0x80 { return 1 }
        let left = text.count - position
        guard left > 1 else { return 0 }
        let second = text[position + 1]
        switch first {
        case 0xC2...0xDF:
            return second & 0xC0 == 0x80 ? 2 : 0
        case 0xE0...0xEF:
            guard left > 2, second & 0xC0 == 0x80, text[position + 2] & 0xC0 == 0x80 else { return 0 }
            if first == 0xE0, second < 0xA0 { return 0 }
            if first == 0xED, second > 0x9F { return 0 }
            return 3
        case 0xF0...0xF4:
            guard left > 3, second & 0xC0 == 0x80, text[position + 2] & 0xC0 == 0x80,
                text[position + 3] & 0xC0 == 0x80
            else { return 0 }
            if first == 0xF0, second < 0x90 { return 0 }
            if first == 0xF4, second > 0x8F { return 0 }
            return 4
        default:
            return 0
        }
    }
}
