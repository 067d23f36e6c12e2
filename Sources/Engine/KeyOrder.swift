import Postgres

/// How printed keys in the ledger are put in the order of the source's key.
enum KeyOrder {
    /// An ORDER BY list over the column `key` of the rejects; by text where the table is gone.
    static func expression(
        _ key: [Identifier], of source: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> SQL {
        let found = try transaction.run(
            """
            select a.attname, format_type(a.atttypid, a.atttypmod),
                   (select format('%I.%I', n.nspname, c.collname) from pg_collation c
                      join pg_namespace n on n.oid = c.collnamespace where c.oid = a.attcollation)
              from pg_attribute a
             where a.attrelid = to_regclass(\(.text(source.quoted))) and a.attnum > 0 and not a.attisdropped
            """)
        var types: [Identifier: (type: String, collation: String?)] = [:]
        for row in found.rows {
            guard let name = row.text(0).flatMap({ Identifier($0) }) else { continue }
            types[name] = (row.text(1) ?? "text", row.text(2))
        }
        let parts = key.enumerated().map { place, name in
            let printed = key.count == 1 ? "key #>> '{}'" : "key ->> \(place)"
            let type = types[name]
            return "(\(printed))::\(type?.type ?? "text")" + (type?.collation.map { " collate \($0)" } ?? "")
        }
        return SQL(unsafe: parts.joined(separator: ", "))
    }
}
