/// What comes out of documents, as the ledger can hold it and people can read it.
///
/// A document may name characters that the database's encoding lacks, for JSON escapes need none of it. What the ledger
/// says of such a document must not be refused for them.
struct LedgerText {
    /// Whether the database's encoding has every character.
    let isUnicode: Bool

    /// Control characters, and where need be all that are not ASCII, escaped as in JSON.
    func printable(_ text: [UInt8]) -> [UInt8] {
        // Nearly always there is nothing to escape, and nothing is copied then.
        guard text.contains(where: { isEscaped(UInt32($0)) }) else { return text }
        return String(decoding: text, as: UTF8.self).unicodeScalars.flatMap { scalar -> [UInt8] in
            guard isEscaped(scalar.value) else { return Array(String(scalar).utf8) }
            return String(scalar).utf16.flatMap { unit -> [UInt8] in
                let digits = String(unit, radix: 16)
                return Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            }
        }
    }

    /// The same for text that is one already.
    func printable(_ text: String) -> String {
        String(decoding: printable(Array(text.utf8)), as: UTF8.self)
    }

    /// Whether a character, or a byte of one, cannot stay as it is.
    private func isEscaped(_ value: UInt32) -> Bool {
        value < 0x20 || value == 0x7F || (value >= 0x80 && !isUnicode)
    }
}
