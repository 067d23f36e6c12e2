import Postgres

/// The target's columns that hold the source's key, as a key to pick ranges by.
enum ParentKey {
    /// Ranges are in the source's order, whatever the target's is.
    static func columns(_ tables: StreamTables, _ transaction: borrowing Transaction) throws -> [KeyColumn] {
        let target = try TableFacts(tables.target, transaction)
        var columns: [KeyColumn] = []
        for (name, key) in zip(tables.parent, tables.source.key) {
            let collation = target?.columns[name]?.collation == key.collation ? nil : key.collation
            columns.append(
                KeyColumn(
                    name: name, type: key.type + (try collate(collation, transaction)), typeOID: key.typeOID,
                    collation: key.collation))
        }
        return columns
    }

    private static func collate(
        _ collation: Int64?, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String {
        guard let collation, collation != 0 else { return "" }
        let name = try transaction.run(
            """
            select format(' collate %I.%I', n.nspname, c.collname)
              from pg_collation c join pg_namespace n on n.oid = c.collnamespace
             where c.oid = \(.int(collation))::oid
            """)
        return name.first?.text(0) ?? ""
    }
}
