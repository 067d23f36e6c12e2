/// The assignments of a `.env` file, one after the other.
struct EnvironmentFileReader {
    /// A key, its value, and where they stand.
    struct Assignment: Equatable {
        let key: String
        let value: [UInt8]
        let line: Int
    }

    private let bytes: [UInt8]
    private var index: Int
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next assignment, or nil at the end of the file.
    mutating func next() throws(EnvironmentFile.Problem) -> Assignment? {
        while index < bytes.count {
            skipBlanks()
            let start = line
            var key = takeKey()
            if key == "export", peek == .space || peek == .tab {
                skipBlanks()
                key = takeKey()
            }
            skipBlanks()
            guard !key.isEmpty, peek == .equals else {
                // Lines of other programs are none of ours, but a broken line of ours must not go unseen.
                if key.uppercased() == "DATABASE_URL" { throw .notAnAssignment(line: start) }
                skipLine()
                continue
            }
            if key != "DATABASE_URL", key.uppercased() == "DATABASE_URL" {
                throw .notAnAssignment(line: start)
            }
            index += 1
            let value = try takeValue(of: key)
            return Assignment(key: key, value: value, line: start)
        }
        return nil
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipBlanks() {
        while peek == .space || peek == .tab { index += 1 }
    }

    private mutating func skipLine() {
        while let byte = peek, byte != .newline { index += 1 }
        if peek == .newline {
            index += 1
            line += 1
        }
    }

    private mutating func takeKey() -> String {
        let start = index
        while let byte = peek, byte == UInt8(ascii: "_") || byte.isAlphanumeric {
            index += 1
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func takeValue(of key: String) throws(EnvironmentFile.Problem) -> [UInt8] {
        let afterEquals = index
        skipBlanks()
        guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            return takeUnquoted(from: afterEquals)
        }
        let opened = line
        index += 1
        var value: [UInt8] = []
        while let byte = peek, byte != quote {
            if quote == UInt8(ascii: "\""), byte == .backslash, index + 1 < bytes.count,
                bytes[index + 1] == quote || bytes[index + 1] == .backslash
            {
                index += 1
            }
            if bytes[index] == .newline { line += 1 }
            value.append(bytes[index])
            index += 1
        }
        guard peek == quote else { throw .unclosedQuote(line: opened) }
        index += 1
        try checkRest(of: key)
        skipLine()
        return value
    }

    /// After a closing quote only white space and a comment may follow.
    private mutating func checkRest(of key: String) throws(EnvironmentFile.Problem) {
        let quoteEnd = index
        skipBlanks()
        switch peek {
        case nil, UInt8.newline, UInt8.carriageReturn: return
        case UInt8.hash where index > quoteEnd: return
        default:
            if key == "DATABASE_URL" { throw .textAfterQuote(line: line) }
        }
    }

    /// To the end of the line, or to a `#` behind white space; white space at either end is not part of it.
    private mutating func takeUnquoted(from afterEquals: Int) -> [UInt8] {
        let start = index
        while let byte = peek, byte != .newline {
            let isAfterBlank = index > afterEquals && (bytes[index - 1] == .space || bytes[index - 1] == .tab)
            if byte == .hash, isAfterBlank { break }
            index += 1
        }
        var end = index
        while end > start, [.space, .tab, .carriageReturn].contains(bytes[end - 1]) { end -= 1 }
        skipLine()
        return Array(bytes[start..<end])
    }
}
