/// A script of one statement with one place, `:range`, for the condition that picks the rows of a range of keys.
///
/// By hand the same file runs with `psql -v range=true`, which means every row.
public struct RangedStatement: Equatable, Sendable {
    /// What errors call it, usually its path in the project.
    public let name: String
    /// The line of its first token.
    public let line: Int
    /// Its tokens in the form that comments, white space and the case of words do not change.
    public let canonicalText: [UInt8]
    private let before: String
    private let after: String

    /// Why a script is none.
    public enum Fault: Error, Equatable {
        /// It holds another number of statements than one.
        case notOneStatement(Int)
        /// It has another number of places for the range than one.
        case notOneRange(Int)
        /// It has a `$1` or its like, on this line, which would take the range's own values for its.
        case parameter(line: Int)
    }

    /// Takes a script that holds one statement and one place.
    public init(_ script: SQLScript) throws(Fault) {
        guard script.statements.count == 1, let statement = script.statements.first else {
            throw .notOneStatement(script.statements.count)
        }
        if let parameter = statement.tokens.first(where: { $0.kind == .parameter }) {
            throw .parameter(line: parameter.line)
        }
        let start = statement.tokens.first?.range.lowerBound ?? 0
        let text = Array(statement.text.utf8)
        // As psql reads it: a colon and the word right behind it, in this case, outside of quotes and comments.
        let places = zip(statement.tokens, statement.tokens.dropFirst()).filter { colon, word in
            colon.isSymbol(":") && word.isWord("range") && colon.range.upperBound == word.range.lowerBound
                && text[word.range.lowerBound - start..<word.range.upperBound - start].elementsEqual("range".utf8)
        }
        guard places.count == 1, let place = places.first else { throw .notOneRange(places.count) }
        name = script.name
        line = statement.line
        canonicalText = statement.canonicalText
        before = String(decoding: text[..<(place.0.range.lowerBound - start)], as: UTF8.self)
        after = String(decoding: text[(place.1.range.upperBound - start)...], as: UTF8.self)
    }

    /// The statement for the rows that a condition picks.
    public func sql(where condition: SQL) -> SQL {
        "\(unsafe: before)(\(condition))\(unsafe: after)"
    }
}
