/// Gathers tokens into statements: knows where one ends, and which ones a script may not hold.
struct StatementCollector {
    private let script: String
    private var tokens: [SQLToken] = []
    private var openParentheses: [Int] = []
    private var body = AtomicBody()

    init(script: String) {
        self.script = script
    }

    /// Takes the next token; the tokens of a whole statement when this one ends it.
    mutating func take(_ token: SQLToken) throws(SQLTextError) -> [SQLToken]? {
        if token.isSymbol(";"), openParentheses.isEmpty, !body.isOpen { return try statement() }
        if token.isSymbol("(") {
            openParentheses.append(token.line)
        } else if token.isSymbol(")"), openParentheses.popLast() == nil {
            throw SQLTextError(script: script, line: token.line, reason: .unopenedParenthesis)
        }
        if openParentheses.isEmpty { body.follow(token, after: tokens) }
        tokens.append(token)
        return nil
    }

    /// The last statement, which needs no semicolon; nil when there is none.
    mutating func finish() throws(SQLTextError) -> [SQLToken]? {
        if let line = openParentheses.first {
            throw SQLTextError(script: script, line: line, reason: .unterminated(.parenthesis))
        }
        if let line = body.line {
            throw SQLTextError(script: script, line: line, reason: .unterminated(.atomicBody))
        }
        return try statement()
    }

    private mutating func statement() throws(SQLTextError) -> [SQLToken]? {
        defer {
            tokens = []
            body = AtomicBody()
        }
        guard let first = tokens.first else { return nil }
        if let words = transactionControl() {
            throw SQLTextError(script: script, line: first.line, reason: .transactionControl(words))
        }
        if let line = copyThroughConnection() {
            throw SQLTextError(script: script, line: line, reason: .copyThroughConnection)
        }
        return tokens
    }

    /// The words by which the statement would begin or end a transaction; nil when it does neither.
    private func transactionControl() -> String? {
        let alone: [StaticString] = ["begin", "commit", "end", "rollback", "abort", "savepoint", "release"]
        for word in alone where tokens[0].isWord(word) { return word.description.uppercased() }
        guard tokens.count > 1, tokens[1].isWord("transaction") else { return nil }
        if tokens[0].isWord("start") { return "START TRANSACTION" }
        if tokens[0].isWord("prepare") { return "PREPARE TRANSACTION" }
        return nil
    }

    /// The server takes STDIN and STDOUT for each other, so both directions are looked for with both words.
    private func copyThroughConnection() -> Int? {
        guard tokens[0].isWord("copy") else { return nil }
        var depth = 0
        for (token, next) in zip(tokens, tokens.dropFirst()) {
            if token.isSymbol("(") { depth += 1 }
            if token.isSymbol(")") { depth -= 1 }
            let names = token.isWord("from") || token.isWord("to")
            if depth == 0, names, next.isWord("stdin") || next.isWord("stdout") { return next.line }
        }
        return nil
    }
}

/// The body of an SQL-standard function, `BEGIN ATOMIC … END`, in which semicolons end nothing.
private struct AtomicBody {
    /// Where the body began; nil outside of one.
    private(set) var line: Int?
    private var depth = 0

    var isOpen: Bool { line != nil }

    /// Sees a token outside parentheses that follows `tokens` of its statement.
    mutating func follow(_ token: SQLToken, after tokens: [SQLToken]) {
        guard token.kind == .word, let last = tokens.last else { return }
        guard isOpen else {
            if token.isWord("atomic"), last.isWord("begin"), createsRoutine(tokens) {
                line = last.line
                depth = 1
            }
            return
        }
        // As a column's label both words are allowed: SELECT done AS end, t.case.
        guard !last.isWord("as"), !last.isSymbol(".") else { return }
        if token.isWord("case") { depth += 1 }
        if token.isWord("end") {
            depth -= 1
            if depth == 0 { line = nil }
        }
    }

    private func createsRoutine(_ tokens: [SQLToken]) -> Bool {
        guard tokens[0].isWord("create") else { return false }
        let replaces = tokens.count > 3 && tokens[1].isWord("or") && tokens[2].isWord("replace")
        let noun = replaces ? tokens[3] : tokens[1]
        return noun.isWord("function") || noun.isWord("procedure")
    }
}
