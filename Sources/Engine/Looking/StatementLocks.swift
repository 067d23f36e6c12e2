import Postgres

/// The locks that a statement takes on tables, told from its words. What is not known for certain is not guessed.
enum StatementLocks {
    /// The locks on tables that others may be working with; nil where the statement must be read by somebody who knows.
    static func of(_ statement: SQLStatement, in schema: Identifier) -> [LockUse]? {
        var words = StatementWords(statement.tokens)
        if words.take("create") { return create(&words, schema) }
        if words.take("alter", "table") { return AlterTableLocks.of(&words, in: schema) }
        if words.take("drop", "table") { return drop(&words, schema) }
        if words.take("comment", "on") { return comment(&words, schema) }
        if words.take("truncate") {
            words.take("table")
            return drop(&words, schema)
        }
        if let lock = write(&words, schema) { return [lock] }
        if words.take("lock") { return lock(&words, schema) }
        if words.take("analyze") {
            return words.table(in: schema).map { [LockUse(.shareUpdateExclusive, on: $0, .readsRows)] }
        }
        if words.take("with") || words.sees("select") || words.sees("values") {
            return words.contains("insert", "update", "delete", "merge", "for") ? nil : []
        }
        let isHarmless = ["grant", "revoke", "set", "show", "reset"].contains { words.sees($0) }
        return isHarmless ? [] : nil
    }

    private static func write(_ words: inout StatementWords, _ schema: Identifier) -> LockUse? {
        guard
            words.take("insert", "into") || words.take("update") || words.take("delete", "from")
                || words.take("merge", "into")
        else { return nil }
        words.take("only")
        return words.table(in: schema).map { LockUse(.rowExclusive, on: $0, .writesRows) }
    }

    private static func create(_ words: inout StatementWords, _ schema: Identifier) -> [LockUse]? {
        words.take("or", "replace")
        words.skip(anyOf: "temp", "temporary", "unlogged", "global", "local", "constraint")
        if words.take("table") { return createTable(&words, schema) }
        if words.sees("unique") || words.sees("index") { return createIndex(&words, schema) }
        // Of all these, what is made is new, and what they read or name they do not keep from anybody.
        let made: [StaticString] = [
            "view", "function", "procedure", "schema", "sequence", "type", "domain", "extension", "aggregate", "role",
        ]
        if made.contains(where: { words.sees($0) }) { return [] }
        let behind: (word: StaticString, mode: LockUse.Mode)? =
            if words.take("trigger") {
                ("on", .shareRowExclusive)
            } else if words.take("policy") {
                ("on", .accessExclusive)
            } else if words.take("rule") {
                ("to", .accessExclusive)
            } else if words.take("statistics") {
                ("from", .shareUpdateExclusive)
            } else {
                nil
            }
        guard let behind, words.seek(behind.word), let table = words.table(in: schema) else { return nil }
        return [LockUse(behind.mode, on: table, .moment)]
    }

    private static func createTable(_ words: inout StatementWords, _ schema: Identifier) -> [LockUse]? {
        // What a table is made part of, or made like, is locked in ways of its own.
        if words.contains("partition", "inherits", "like", "of") { return nil }
        let references = words.tables(behind: "references", in: schema)
        let isEmpty = words.contains("no") && words.contains("data")
        let read = words.contains("as") ? words.tables(behind: "from", "join", in: schema) : []
        return references.map { LockUse(.shareRowExclusive, on: $0, .moment) }
            + read.map { LockUse(.accessShare, on: $0, isEmpty ? .moment : .readsRows) }
    }

    private static func createIndex(_ words: inout StatementWords, _ schema: Identifier) -> [LockUse]? {
        words.take("unique")
        words.take("index")
        let isConcurrent = words.take("concurrently")
        guard words.seek("on") else { return nil }
        words.take("only")
        guard let table = words.table(in: schema) else { return nil }
        return [LockUse(isConcurrent ? .shareUpdateExclusive : .share, on: table, .buildsIndex)]
    }

    /// DROP TABLE and TRUNCATE: several tables at once.
    private static func drop(_ words: inout StatementWords, _ schema: Identifier) -> [LockUse]? {
        words.take("if", "exists")
        words.take("only")
        // What else goes with them is not in the words.
        if words.contains("cascade") { return nil }
        var locks: [LockUse] = []
        repeat {
            guard let table = words.table(in: schema) else { return nil }
            locks.append(LockUse(.accessExclusive, on: table, .moment))
        } while words.take(symbol: ",")
        return locks
    }

    private static func comment(_ words: inout StatementWords, _ schema: Identifier) -> [LockUse]? {
        let isColumn = words.take("column")
        guard isColumn || words.take("table") else { return [] }
        guard let parts = words.name(),
            let table = StatementWords.table(isColumn ? Array(parts.dropLast()) : parts, in: schema)
        else { return nil }
        return [LockUse(.shareUpdateExclusive, on: table, .moment)]
    }

    private static func lock(_ words: inout StatementWords, _ schema: Identifier) -> [LockUse]? {
        words.take("table")
        words.take("only")
        guard let table = words.table(in: schema) else { return nil }
        guard words.take("in") else { return [LockUse(.accessExclusive, on: table, .moment)] }
        let named = words.tokens.prefix { !$0.isWord("mode") }
            .map { String(decoding: $0.canonical, as: UTF8.self) }.joined(separator: " ")
        return LockUse.Mode(rawValue: named.uppercased()).map { [LockUse($0, on: table, .moment)] }
    }
}
