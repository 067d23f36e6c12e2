import Postgres

/// Reads a statement's tokens from left to right.
struct StatementWords {
    private(set) var tokens: ArraySlice<SQLToken>

    init(_ tokens: some Sequence<SQLToken>) {
        self.tokens = ArraySlice(Array(tokens))
    }

    var isAtEnd: Bool { tokens.isEmpty }

    /// Whether these words come next.
    func sees(_ words: StaticString...) -> Bool { sees(words) }

    private func sees(_ words: [StaticString]) -> Bool {
        tokens.count >= words.count && zip(tokens, words).allSatisfy { $0.isWord($1) }
    }

    /// Passes over these words where they come next.
    @discardableResult
    mutating func take(_ words: StaticString...) -> Bool {
        guard sees(words) else { return false }
        tokens = tokens.dropFirst(words.count)
        return true
    }

    /// Passes over any of these words, as often as they come.
    mutating func skip(anyOf words: StaticString...) {
        while let next = tokens.first, words.contains(where: { next.isWord($0) }) { tokens.removeFirst() }
    }

    /// Passes over a symbol where it comes next.
    @discardableResult
    mutating func take(symbol: StaticString) -> Bool {
        guard tokens.first?.isSymbol(symbol) == true else { return false }
        tokens.removeFirst()
        return true
    }

    /// Whether a word comes anywhere in what is left.
    func contains(_ words: StaticString...) -> Bool {
        tokens.contains { token in words.contains { token.isWord($0) } }
    }

    /// Passes over a name, whose parts are parted by points; nil where none comes next.
    mutating func name() -> [Identifier]? {
        var parts: [Identifier] = []
        repeat {
            guard let part = tokens.first.flatMap(Self.identifier) else { return nil }
            tokens.removeFirst()
            parts.append(part)
        } while take(symbol: ".")
        return parts
    }

    /// Passes over the name of a table, which without a schema is in the given one.
    mutating func table(in schema: Identifier) -> QualifiedName? {
        guard let parts = name() else { return nil }
        return Self.table(parts, in: schema)
    }

    /// The table that one or two parts name.
    static func table(_ parts: [Identifier], in schema: Identifier) -> QualifiedName? {
        switch parts.count {
        case 1: QualifiedName(schema: schema, name: parts[0])
        case 2: QualifiedName(schema: parts[0], name: parts[1])
        default: nil
        }
    }

    /// Passes over everything up to a word, and over the word; false where it does not come.
    mutating func seek(_ word: StaticString) -> Bool {
        guard let place = tokens.firstIndex(where: { $0.isWord(word) }) else { return false }
        tokens = tokens[tokens.index(after: place)...]
        return true
    }

    /// What is left, cut at the commas that stand in no parentheses.
    var parts: [StatementWords] {
        var depth = 0
        let parts = tokens.split { token in
            if token.isSymbol("(") || token.isSymbol("[") { depth += 1 }
            if token.isSymbol(")") || token.isSymbol("]") { depth -= 1 }
            return depth == 0 && token.isSymbol(",")
        }
        return parts.map { StatementWords($0) }
    }

    /// Every table that stands behind one of some words: those that a query reads, those that a constraint refers to.
    func tables(behind words: StaticString..., in schema: Identifier) -> [QualifiedName] {
        tokens.indices.compactMap { place in
            guard words.contains(where: { tokens[place].isWord($0) }) else { return nil }
            var rest = StatementWords(tokens[tokens.index(after: place)...])
            rest.take("only")
            return rest.table(in: schema)
        }
    }

    private static func identifier(_ token: SQLToken) -> Identifier? {
        let text = String(decoding: token.canonical, as: UTF8.self)
        switch token.kind {
        case .word: return Identifier(text)
        case .quotedIdentifier where text.hasPrefix("\""):
            return Identifier(String(text.dropFirst().dropLast()).replacing("\"\"", with: "\""))
        default: return nil
        }
    }
}
