/// Cuts an SQL text into tokens as a server with `standard_conforming_strings = on` does.
///
/// Told apart are only the things on which the end of a statement depends; what is no SQL at all is left for
/// the server to refuse.
struct SQLTokenizer {
    private let script: String
    private let bytes: [UInt8]
    private var position: Int
    private var line = 1

    /// The bytes must hold no NUL: it is what `self[…]` answers beyond the end.
    init(script: String, bytes: [UInt8], from start: Int) {
        self.script = script
        self.bytes = bytes
        position = start
    }

    private subscript(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

    /// The next token, or nil at the end of the text.
    mutating func next() throws(SQLTextError) -> SQLToken? {
        try skipBlank()
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        if byte.isSQLWordStart { return try wordOrPrefixedLiteral(byte) }
        if byte.isSQLDigit || (byte == UInt8(ascii: ".") && self[position + 1].isSQLDigit) {
            return token(.number, to: try endOfNumber())
        }
        switch byte {
        case UInt8(ascii: "'"): return try string(openedAt: position, escapes: false)
        case UInt8(ascii: "\""): return try quotedIdentifier(openedAt: position)
        case UInt8(ascii: "$"): return try dollar()
        case UInt8(ascii: "\\"): throw fault(.metaCommand)
        default: return token(.symbol, to: endOfSymbol())
        }
    }

    // MARK: White space and comments

    private mutating func skipBlank() throws(SQLTextError) {
        while position < bytes.count {
            if bytes[position].isSQLSpace {
                advance(to: position + 1)
            } else if bytes[position] == UInt8(ascii: "-"), self[position + 1] == UInt8(ascii: "-") {
                advance(to: endOfLine(from: position))
            } else if opensComment(at: position) {
                advance(to: try endOfComment())
            } else {
                return
            }
        }
    }

    private func endOfLine(from start: Int) -> Int {
        var index = start
        while index < bytes.count, !bytes[index].isSQLNewline { index += 1 }
        return index
    }

    private func opensComment(at index: Int) -> Bool {
        self[index] == UInt8(ascii: "/") && self[index + 1] == UInt8(ascii: "*")
    }

    private func endOfComment() throws(SQLTextError) -> Int {
        var depth = 1
        var index = position + 2
        while depth > 0 {
            guard index < bytes.count else { throw fault(.unterminated(.comment)) }
            if opensComment(at: index) {
                depth += 1
                index += 2
            } else if bytes[index] == UInt8(ascii: "*"), self[index + 1] == UInt8(ascii: "/") {
                depth -= 1
                index += 2
            } else {
                index += 1
            }
        }
        return index
    }

    // MARK: Words and literals

    private mutating func wordOrPrefixedLiteral(_ first: UInt8) throws(SQLTextError) -> SQLToken {
        let next = self[position + 1]
        switch first.asciiLowercased {
        case UInt8(ascii: "e") where next == UInt8(ascii: "'"):
            return try string(openedAt: position + 1, escapes: true)
        case UInt8(ascii: "b"), UInt8(ascii: "x"), UInt8(ascii: "n"):
            if next == UInt8(ascii: "'") { return try string(openedAt: position + 1, escapes: false) }
        case UInt8(ascii: "u") where next == UInt8(ascii: "&"):
            if self[position + 2] == UInt8(ascii: "'") {
                return try string(openedAt: position + 2, escapes: false)
            }
            if self[position + 2] == UInt8(ascii: "\"") {
                return try quotedIdentifier(openedAt: position + 2)
            }
        default: break
        }
        var end = position + 1
        while self[end].isSQLTagPart || self[end] == UInt8(ascii: "$") { end += 1 }
        let word = bytes[position..<end].map(\.asciiLowercased)
        return token(.word, to: end, canonical: word)
    }

    /// A string with all its continuations: after a line break the next quote goes on with the same string,
    /// by the same rules for backslashes.
    private mutating func string(openedAt quote: Int, escapes: Bool) throws(SQLTextError) -> SQLToken {
        var canonical: [UInt8] = []
        var start = position
        var open = quote
        while true {
            let end = try endOfQuoted(openedAt: open, escapes: escapes, .string)
            canonical += bytes[start..<end]
            guard let continuation = continuation(after: end) else {
                return token(.string, to: end, canonical: canonical)
            }
            canonical.append(0x0a)
            start = continuation
            open = continuation
        }
    }

    private mutating func quotedIdentifier(openedAt quote: Int) throws(SQLTextError) -> SQLToken {
        token(.quotedIdentifier, to: try endOfQuoted(openedAt: quote, escapes: false, .quotedIdentifier))
    }

    /// The index behind the closing quote; a doubled quote does not close.
    private func endOfQuoted(
        openedAt open: Int, escapes: Bool, _ construct: SQLTextError.Construct
    ) throws(SQLTextError) -> Int {
        let quote = bytes[open]
        var index = open + 1
        while index < bytes.count {
            if bytes[index] == quote {
                guard self[index + 1] == quote else { return index + 1 }
                index += 2
            } else if escapes, bytes[index] == UInt8(ascii: "\\") {
                index += 2
            } else {
                index += 1
            }
        }
        throw fault(.unterminated(construct))
    }

    /// Where the same string goes on, if only white space with a line break lies between.
    private func continuation(after end: Int) -> Int? {
        var index = end
        var broken = false
        while true {
            if self[index].isSQLSpace {
                broken = broken || self[index].isSQLNewline
                index += 1
            } else if self[index] == UInt8(ascii: "-"), self[index + 1] == UInt8(ascii: "-") {
                index = endOfLine(from: index)
            } else {
                return broken && self[index] == UInt8(ascii: "'") ? index : nil
            }
        }
    }

    // MARK: Dollars, numbers, symbols

    private mutating func dollar() throws(SQLTextError) -> SQLToken {
        var end = position + 1
        if self[end].isSQLDigit {
            while self[end].isSQLDigit { end += 1 }
            guard !self[end].isSQLWordStart else { throw fault(.letterAfterNumber) }
            return token(.parameter, to: end)
        }
        if self[end].isSQLWordStart {
            while self[end].isSQLTagPart { end += 1 }
        }
        guard self[end] == UInt8(ascii: "$") else { return token(.symbol, to: position + 1) }
        return token(.string, to: try endOfDollarQuote(tag: bytes[position...end]))
    }

    private func endOfDollarQuote(tag: ArraySlice<UInt8>) throws(SQLTextError) -> Int {
        var index = tag.endIndex
        while index + tag.count <= bytes.count {
            if bytes[index] == UInt8(ascii: "$"), bytes[index..<index + tag.count] == tag {
                return index + tag.count
            }
            index += 1
        }
        throw fault(.unterminated(.dollarQuote))
    }

    private func endOfNumber() throws(SQLTextError) -> Int {
        var end = position
        if let digits = radixDigits() {
            end += 2
            while digits(self[end]) || self[end] == UInt8(ascii: "_") { end += 1 }
            // Before version 16 this is a zero and a word, and a word may go on with a dollar.
            guard self[end] != UInt8(ascii: "$") else { throw fault(.letterAfterNumber) }
        } else {
            end = endOfDigits(from: end)
            // Two dots are an operator of their own: 1..10.
            if self[end] == UInt8(ascii: "."), self[end + 1] != UInt8(ascii: ".") {
                end = endOfDigits(from: end + 1)
            }
            end = endOfExponent(from: end)
        }
        guard !self[end].isSQLWordStart else { throw fault(.letterAfterNumber) }
        return end
    }

    /// What may follow `0x`, `0o` or `0b`; nil for a decimal number.
    private func radixDigits() -> ((UInt8) -> Bool)? {
        guard self[position] == UInt8(ascii: "0") else { return nil }
        switch self[position + 1].asciiLowercased {
        case UInt8(ascii: "x"): return { $0.isSQLHexDigit }
        case UInt8(ascii: "o"), UInt8(ascii: "b"): return { $0.isSQLDigit }
        default: return nil
        }
    }

    private func endOfDigits(from start: Int) -> Int {
        var end = start
        while self[end].isSQLDigit || (self[end] == UInt8(ascii: "_") && self[end + 1].isSQLDigit) {
            end += 1
        }
        return end
    }

    private func endOfExponent(from start: Int) -> Int {
        guard self[start].asciiLowercased == UInt8(ascii: "e") else { return start }
        let sign = self[start + 1] == UInt8(ascii: "+") || self[start + 1] == UInt8(ascii: "-")
        let digits = sign ? start + 2 : start + 1
        return self[digits].isSQLDigit ? endOfDigits(from: digits) : start
    }

    private func endOfSymbol() -> Int {
        guard bytes[position].isSQLOperator else {
            let pair = (bytes[position], self[position + 1])
            let colon = UInt8(ascii: ":")
            let dot = UInt8(ascii: ".")
            let joined = pair == (colon, colon) || pair == (colon, UInt8(ascii: "=")) || pair == (dot, dot)
            return position + (joined ? 2 : 1)
        }
        var end = position
        while self[end].isSQLOperator, end == position || !opensAnyComment(at: end) { end += 1 }
        // As in scan.l, so that `a=-1` and `a = -1` are the same.
        if !bytes[position..<end].contains(where: \.letsSQLOperatorEndInSign) {
            while end - position > 1,
                bytes[end - 1] == UInt8(ascii: "+") || bytes[end - 1] == UInt8(ascii: "-")
            {
                end -= 1
            }
        }
        return end
    }

    private func opensAnyComment(at index: Int) -> Bool {
        opensComment(at: index) || (self[index] == UInt8(ascii: "-") && self[index + 1] == UInt8(ascii: "-"))
    }

    // MARK: Moving on

    private mutating func token(_ kind: SQLToken.Kind, to end: Int, canonical: [UInt8]? = nil) -> SQLToken {
        let range = position..<end
        let token = SQLToken(
            kind: kind, canonical: canonical ?? Array(bytes[range]), line: line, range: range)
        advance(to: end)
        return token
    }

    private mutating func advance(to end: Int) {
        for index in position..<end where bytes[index] == 0x0a { line += 1 }
        position = end
    }

    private func fault(_ reason: SQLTextError.Reason) -> SQLTextError {
        SQLTextError(script: script, line: line, reason: reason)
    }
}
