/// Writes pieces of JSON text as bytes.
public enum JSONText {
    /// Adds bytes as a quoted string; whether they are valid UTF-8 is the caller's matter.
    public static func appendString(_ contents: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        var plainStart = 0
        for place in contents.indices {
            let byte = contents[place]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            text.append(contentsOf: UnsafeRawBufferPointer(rebasing: contents[plainStart..<place]))
            appendEscape(of: byte, to: &text)
            plainStart = place + 1
        }
        text.append(contentsOf: UnsafeRawBufferPointer(rebasing: contents[plainStart...]))
        text.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(of byte: UInt8, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: text.append(UInt8(ascii: "b"))
        case 0x09: text.append(UInt8(ascii: "t"))
        case 0x0A: text.append(UInt8(ascii: "n"))
        case 0x0C: text.append(UInt8(ascii: "f"))
        case 0x0D: text.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
        default:
            text.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            text.append(UInt8(ascii: "0") + (byte >> 4))
            let low = byte & 0x0F
            text.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
