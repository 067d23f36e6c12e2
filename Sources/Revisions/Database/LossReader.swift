import Postgres

/// Something that a statement destroys.
enum Loss: Equatable {
    /// A column with its values; the names as they are written.
    case column(String, of: String)
    /// A table with its rows.
    case table(String)
    /// Whatever is in it; how much cannot be told.
    case everything(in: String)
    /// Rows that the statement chooses.
    case rows(of: String)
}

/// Reads in a statement's words what it destroys. What functions and DO blocks do is not seen.
struct LossReader {
    private var words: ArraySlice<SQLToken>
    private var losses: [Loss] = []

    /// What a statement destroys.
    static func losses(of statement: SQLStatement) -> [Loss] {
        var reader = LossReader(words: statement.tokens[...])
        reader.read()
        return reader.losses
    }

    private init(words: ArraySlice<SQLToken>) {
        self.words = words
    }

    private mutating func read() {
        if take("drop") {
            readDrop()
        } else if take("truncate") {
            _ = take("table")
            _ = take("only")
            let tables = names()
            losses = tables.map { .table($0) }
            if words.contains(where: { $0.isWord("cascade") }) {
                losses += tables.map { .everything(in: "tables that refer to " + $0) }
            }
        } else if take("delete"), take("from") {
            _ = take("only")
            if let name = name() { losses = [.rows(of: name)] }
        } else if take("alter"), take("table") {
            readAlterTable()
        }
    }

    private mutating func readDrop() {
        let kinds: [(word: StaticString, make: (String) -> Loss)] = [
            ("table", { .table($0) }), ("schema", { .everything(in: "schema " + $0) }),
            ("database", { .everything(in: "database " + $0) }),
        ]
        for kind in kinds where take(kind.word) {
            skipIfExists()
            losses = names().map(kind.make)
            return
        }
        // A type, a domain or an extension takes columns with it only when told to.
        guard words.contains(where: { $0.isWord("cascade") }), take("type") || take("domain") || take("extension")
        else {
            return
        }
        skipIfExists()
        losses = names().map { .everything(in: "columns that depend on " + $0) }
    }

    private mutating func readAlterTable() {
        skipIfExists()
        _ = take("only")
        guard let table = name() else { return }
        _ = takeSymbol("*")
        var depth = 0
        var isStart = true
        while let token = words.first {
            if isStart, take("drop") {
                isStart = false
                guard !isNext("constraint") else { continue }
                _ = take("column")
                skipIfExists()
                if let column = name() { losses.append(.column(column, of: table)) }
                continue
            }
            if token.isSymbol("(") { depth += 1 }
            if token.isSymbol(")") { depth -= 1 }
            isStart = depth == 0 && token.isSymbol(",")
            words.removeFirst()
        }
    }

    private mutating func skipIfExists() {
        if take("if") { _ = take("exists") }
    }

    private mutating func names() -> [String] {
        var found: [String] = []
        repeat {
            _ = take("only")
            if let name = name() { found.append(name) }
            _ = takeSymbol("*")
        } while takeSymbol(",")
        return found
    }

    /// A name with its dots, as it is written.
    private mutating func name() -> String? {
        var parts: [String] = []
        while let token = words.first, token.kind == .word || token.kind == .quotedIdentifier {
            parts.append(String(decoding: token.canonical, as: UTF8.self))
            words.removeFirst()
            guard takeSymbol(".") else { break }
        }
        return parts.isEmpty ? nil : parts.joined(separator: ".")
    }

    private func isNext(_ word: StaticString) -> Bool { words.first?.isWord(word) ?? false }

    private mutating func take(_ word: StaticString) -> Bool {
        guard isNext(word) else { return false }
        words.removeFirst()
        return true
    }

    private mutating func takeSymbol(_ symbol: StaticString) -> Bool {
        guard words.first?.isSymbol(symbol) ?? false else { return false }
        words.removeFirst()
        return true
    }
}
