import Postgres

/// How printed keys in the ledger are put in the order of the source's key.
enum KeyOrder {
    /// An ORDER BY list over the column `key` of the rejects; by text where the table is gone.
    static func expression(
        _ key: [Identifier], of source: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> SQL {
        let columns = try TableFacts(source, transaction)?.columns ?? [:]
        let parts = key.enumerated().map { place, name in
            let printed = key.count == 1 ? "key #>> '{}'" : "key ->> \(place)"
            return "(\(printed))::" + (columns[name].map { KeyColumn(name, $0).ordering } ?? "text")
        }
        return SQL(unsafe: parts.joined(separator: ", "))
    }
}
