import Postgres

/// The relations that a statement names, as far as its words tell: whatever is called like one that is there.
struct MentionedTables {
    private let names: [[UInt8]]

    init(_ statement: SQLStatement) {
        names = Self.chains(statement.tokens).flatMap { chain in
            // Of a column's name, the part before the last dot is its table's.
            (1...min(2, chain.count)).map { Array(chain.prefix($0).joined(separator: [0x2e])) }
        }
    }

    /// Names with dots between them, each as it is written, words in lower case.
    static func chains(_ tokens: some Sequence<SQLToken>) -> [[[UInt8]]] {
        var chains: [[[UInt8]]] = []
        var goesOn = false
        for token in tokens {
            switch token.kind {
            case .word, .quotedIdentifier:
                if goesOn, !chains.isEmpty {
                    chains[chains.count - 1].append(token.canonical)
                } else {
                    chains.append([token.canonical])
                }
                goesOn = false
            default: goesOn = token.isSymbol(".")
            }
        }
        return chains
    }

    /// Those that are there, in the search path that a revision's statements have.
    func found(
        in schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [QualifiedName] {
        try transaction.run("set local search_path = \(schema), pg_temp")
        return try transaction.run(
            """
            select distinct n.nspname, c.relname
              from unnest(\(.textArray(names))) name, pg_class c join pg_namespace n on n.oid = c.relnamespace
             where name !~* '^u&' and c.oid = to_regclass(name)
               and n.nspname not in ('pg_catalog', 'information_schema')
            """
        ).rows.compactMap { row in
            guard let schema = row.text(0).flatMap({ Identifier($0) }),
                let name = row.text(1).flatMap({ Identifier($0) })
            else { return nil }
            return QualifiedName(schema: schema, name: name)
        }
    }
}
