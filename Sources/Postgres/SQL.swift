/// A statement whose interpolations bind values and quote names; only `\(unsafe:)` pastes.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    enum Piece: Sendable {
        case text(String)
        case parameter(Parameter)
    }

    private(set) var pieces: [Piece]

    /// A statement known when this program was written.
    public init(stringLiteral value: String) {
        pieces = [.text(value)]
    }

    /// Collects what an interpolated literal is made of.
    public init(stringInterpolation: StringInterpolation) {
        pieces = stringInterpolation.pieces
    }

    /// A statement from outside this program: a file that the operator trusts.
    public init(unsafe text: String) {
        pieces = [.text(text)]
    }

    /// The text with `$1`, `$2`, … where values are bound.
    public var text: String {
        var number = 0
        return pieces.map { piece in
            switch piece {
            case .text(let text): return text
            case .parameter:
                number += 1
                return "$\(number)"
            }
        }.joined()
    }

    /// The values bound, in order.
    public var parameters: [Parameter] {
        pieces.compactMap { if case .parameter(let parameter) = $0 { parameter } else { nil } }
    }

    /// Several pieces as one, with `separator` between them.
    public static func joined(_ parts: [SQL], separator: String) -> SQL {
        var result = SQL(unsafe: "")
        for (index, part) in parts.enumerated() {
            if index > 0 { result.pieces.append(.text(separator)) }
            result.pieces += part.pieces
        }
        return result
    }

    /// Names, quoted, with commas between them.
    public static func list(_ names: [Identifier]) -> SQL {
        SQL(unsafe: names.map(\.quoted).joined(separator: ", "))
    }

    /// Names of columns, quoted, each after the alias of its table, with commas between them.
    public static func list(_ columns: [Identifier], of alias: String) -> SQL {
        SQL(unsafe: columns.map { "\(alias).\($0.quoted)" }.joined(separator: ", "))
    }

    /// That columns of two tables by the same names, none of them null, hold the same, by the aliases of the tables.
    public static func equal(_ columns: [Identifier], of one: String, and other: String) -> SQL {
        SQL(unsafe: columns.map { "\(one).\($0.quoted) = \(other).\($0.quoted)" }.joined(separator: " and "))
    }

    /// Receives the parts of an interpolated SQL literal.
    public struct StringInterpolation: StringInterpolationProtocol {
        var pieces: [Piece] = []

        /// Prepares for a literal.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// Text as it stands in the program.
        public mutating func appendLiteral(_ literal: String) {
            pieces.append(.text(literal))
        }

        /// A name, quoted.
        public mutating func appendInterpolation(_ name: Identifier) {
            pieces.append(.text(name.quoted))
        }

        /// A relation, both parts quoted.
        public mutating func appendInterpolation(_ name: QualifiedName) {
            pieces.append(.text(name.quoted))
        }

        /// A value, bound; never part of the text.
        public mutating func appendInterpolation(_ parameter: Parameter) {
            pieces.append(.parameter(parameter))
        }

        /// Another piece of SQL with its own bound values.
        public mutating func appendInterpolation(_ sql: SQL) {
            pieces += sql.pieces
        }

        /// A text value as a quoted literal, for statements that take no bound values (COPY, DDL).
        public mutating func appendInterpolation(literal bytes: some Sequence<UInt8>) {
            pieces.append(.text(SQL.literal(bytes)))
        }

        /// A number.
        public mutating func appendInterpolation(_ number: some BinaryInteger) {
            pieces.append(.text(String(number)))
        }

        /// Text pasted as it is: only for what this program or the operator's own file says.
        public mutating func appendInterpolation(unsafe text: String) {
            pieces.append(.text(text))
        }
    }

    /// A quoted literal that means the same whatever `standard_conforming_strings` is.
    static func literal(_ bytes: some Sequence<UInt8>) -> String {
        var quoted: [UInt8] = []
        var hasBackslash = false
        for byte in bytes {
            if byte == UInt8(ascii: "\\") { hasBackslash = true }
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") { quoted.append(byte) }
            quoted.append(byte)
        }
        let body = String(decoding: quoted, as: UTF8.self)
        return hasBackslash ? " E'\(body)'" : "'\(body)'"
    }
}
