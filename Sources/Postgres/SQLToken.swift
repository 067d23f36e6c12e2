/// One word, literal or symbol of an SQL text, as PostgreSQL's own scanner would cut it.
public struct SQLToken: Equatable, Sendable {
    /// What sort of token it is.
    public enum Kind: Equatable, Sendable {
        /// A keyword or an identifier without quotes.
        case word
        /// An identifier in double quotes, `U&"…"` included.
        case quotedIdentifier
        /// A string of any form: standard, E, U&, B, X, N, dollar-quoted.
        case string
        /// A number.
        case number
        /// `$1` and its like.
        case parameter
        /// An operator or a punctuation mark.
        case symbol
    }

    /// What sort of token it is.
    public let kind: Kind
    /// The token in the form that white space, comments and the case of words do not change.
    ///
    /// Words are in lower case (ASCII letters only, as the server does it); quoted text is verbatim. The
    /// pieces of a string that goes on after a line break are joined by one line feed.
    public let canonical: [UInt8]
    /// The line on which it begins, counted from 1.
    public let line: Int
    /// Where it stands in the script's bytes.
    let range: Range<Int>

    /// Whether it is this word, which must be given in lower case.
    public func isWord(_ word: StaticString) -> Bool {
        kind == .word && isSpelt(word)
    }

    /// Whether it is this operator or punctuation mark.
    public func isSymbol(_ symbol: StaticString) -> Bool {
        kind == .symbol && isSpelt(symbol)
    }

    private func isSpelt(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { canonical.elementsEqual($0) }
    }
}

/// The classes of bytes that PostgreSQL's scanner tells apart (src/backend/parser/scan.l).
extension UInt8 {
    var isSQLSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
    var isSQLNewline: Bool { self == 0x0a || self == 0x0d }
    var isSQLDigit: Bool { (0x30...0x39).contains(self) }
    var isSQLWordStart: Bool { self >= 0x80 || self == 0x5f || (0x61...0x7a).contains(self | 0x20) }
    /// A part of a dollar quote's tag; a word may hold `$` besides.
    var isSQLTagPart: Bool { isSQLWordStart || isSQLDigit }
    var isSQLHexDigit: Bool { isSQLDigit || (0x61...0x66).contains(self | 0x20) }

    var isSQLOperator: Bool {
        switch self {
        case UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "^"),
            UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "`"), UInt8(ascii: "?"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "%"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// With one of these in it, an operator of several characters may end in `+` or `-`.
    var letsSQLOperatorEndInSign: Bool {
        isSQLOperator && !Array("+-*/<>=".utf8).contains(self)
    }

    var asciiLowercased: UInt8 { (0x41...0x5a).contains(self) ? self | 0x20 : self }
}
