import Ledger
import Postgres

/// Chooses rows of a table by their keys.
struct SampleKeys {
    let table: KeyedTable

    /// Up to this many bytes of rows all are looked at, and else whole pages of them.
    private static let readable: Int64 = 512 << 20

    /// About so many keys, spread over the whole table; all where there are no more. The same ones each time, as long as
    /// the table stays the same.
    func spread(
        _ limit: Int64, over size: TableSize, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (keys: [Key], isWhole: Bool) {
        // Where nobody knows the number of rows, the bytes say whether it is large.
        let rows = size.rowCount ?? size.heap / 200
        guard rows > limit else {
            let keys = try keys("\(printed) from \(table.name)", order: hash, limit: limit + 1, transaction)
            return (Array(keys.prefix(Int(limit))), keys.count <= limit)
        }
        // A little more than wanted, because chance may give less.
        let percent = min(100, 130 * Double(limit) / Double(max(1, rows)) + 0.0001)
        let method = size.heap <= Self.readable ? "bernoulli" : "system"
        let source: SQL = "\(table.name) tablesample \(unsafe: method) (\(unsafe: String(percent))) repeatable (1)"
        return (try keys("\(printed) from \(source)", order: hash, limit: limit, transaction), false)
    }

    /// The first keys in the order in which a stage goes through them.
    func first(_ limit: Int64, _ transaction: borrowing Transaction) throws(PostgresError) -> [Key] {
        // With the table's name, or the printed key would be meant, which has another order.
        let order = SQL.list(table.columns, of: table.name.quoted)
        return try keys("\(printed) from \(table.name)", order: order, limit: limit, transaction)
    }

    private var printed: SQL {
        SQL(unsafe: table.key.map { "\($0.name.quoted)::text" }.joined(separator: ", "))
    }

    /// Chance that stays the same.
    private var hash: SQL { table.keyHash(of: table.name.quoted) }

    private func keys(
        _ selection: SQL, order: SQL, limit: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Key] {
        let found = try transaction.run("select \(selection) order by \(order) limit \(limit)")
        return found.rows.map { Key($0, columns: table.key.count) }
    }
}
