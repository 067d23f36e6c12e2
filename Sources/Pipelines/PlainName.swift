/// The form of the names that pipelines and stages have, so that they can be file names, arguments and parts of
/// a connection's name without quotes.
enum PlainName {
    static let rule = "lower-case letters, digits and hyphens, a letter first, 63 at most"

    static func isValid(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, isLetter(first), bytes.count <= 63 else { return false }
        return bytes.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
}
