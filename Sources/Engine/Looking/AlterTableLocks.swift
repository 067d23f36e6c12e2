import Postgres

/// The locks of ALTER TABLE: the strongest that one of its actions needs is taken for all of them.
enum AlterTableLocks {
    /// What one action needs.
    private struct Need {
        var mode = LockUse.Mode.accessExclusive
        var extent = LockUse.Extent.moment
        /// Tables that it refers to.
        var referenced: [QualifiedName] = []
    }

    /// The locks, from what stands behind ALTER TABLE; nil where an action is not known.
    static func of(_ words: inout StatementWords, in schema: Identifier) -> [LockUse]? {
        words.take("if", "exists")
        words.take("only")
        guard let table = words.table(in: schema), !words.isAtEnd else { return nil }
        words.take(symbol: "*")
        var needs: [Need] = []
        for action in words.parts {
            guard let need = need(of: action, in: schema) else { return nil }
            needs.append(need)
        }
        guard let mode = needs.map(\.mode).max(), let extent = needs.map(\.extent).max() else { return nil }
        return [LockUse(mode, on: table, extent)]
            + needs.flatMap { need in
                need.referenced.filter { $0 != table }.map { LockUse(.shareRowExclusive, on: $0, need.extent) }
            }
    }

    private static func need(of action: StatementWords, in schema: Identifier) -> Need? {
        var words = action
        if words.take("add") {
            let isConstraint = ["constraint", "primary", "unique", "check", "foreign", "exclude"]
                .contains { words.sees($0) }
            return isConstraint ? addConstraint(&words, schema) : addColumn(&words, schema)
        }
        if words.take("drop") || words.take("rename") || words.take("owner", "to") { return Need() }
        if words.take("alter") {
            words.take("column")
            return words.name() == nil ? nil : alterColumn(&words)
        }
        if words.take("validate", "constraint") { return Need(mode: .shareUpdateExclusive, extent: .readsRows) }
        if words.take("enable") || words.take("disable") || words.take("force") || words.take("no", "force") {
            return Need(mode: words.contains("trigger") ? .shareRowExclusive : .accessExclusive)
        }
        if words.take("replica", "identity") || words.take("set", "schema") { return Need() }
        if words.sees("set", "logged") || words.sees("set", "unlogged") || words.sees("set", "tablespace") {
            return Need(extent: .rewrites)
        }
        // Parameters of storage, of which nearly all need no more.
        if words.take("set") || words.take("reset") {
            return words.take(symbol: "(") ? Need(mode: .shareUpdateExclusive) : nil
        }
        return nil
    }

    private static func addColumn(_ words: inout StatementWords, _ schema: Identifier) -> Need {
        words.take("column")
        words.take("if", "not", "exists")
        var need = Need(referenced: words.tables(behind: "references", in: schema))
        if words.contains("generated", "serial", "bigserial", "smallserial", "serial2", "serial4", "serial8") {
            need.extent = .rewrites
        } else if words.contains("unique", "primary") {
            need.extent = .buildsIndex
        } else if words.contains("references", "check") {
            need.extent = .readsRows
        } else if words.seek("default"), !isConstant(words) {
            need.extent = .rewritesIfVolatile
        }
        return need
    }

    /// Whether a default is a literal, or what PostgreSQL reckons once for all rows.
    private static func isConstant(_ words: StatementWords) -> Bool {
        zip(words.tokens, words.tokens.dropFirst()).allSatisfy { name, parenthesis in
            !parenthesis.isSymbol("(") || name.isWord("now")
        }
    }

    private static func addConstraint(_ words: inout StatementWords, _ schema: Identifier) -> Need {
        if words.take("constraint") { _ = words.name() }
        let isDeferred = words.contains("not") && words.contains("valid")
        if words.take("foreign") {
            return Need(
                mode: .shareRowExclusive, extent: isDeferred ? .moment : .readsRows,
                referenced: words.tables(behind: "references", in: schema))
        }
        if isDeferred || words.contains("using") && words.contains("index") && !words.sees("exclude") { return Need() }
        return Need(extent: words.sees("check") ? .readsRows : .buildsIndex)
    }

    private static func alterColumn(_ words: inout StatementWords) -> Need? {
        if words.sees("type") || words.sees("set", "data", "type") || words.sees("set", "expression") {
            return Need(extent: .rewrites)
        }
        if words.sees("set", "not", "null") { return Need(extent: .readsRows) }
        if words.take("set", "statistics") { return Need(mode: .shareUpdateExclusive) }
        if words.sees("set") || words.sees("drop") || words.sees("add") || words.sees("reset") { return Need() }
        return nil
    }
}
