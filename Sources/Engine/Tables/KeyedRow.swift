import Ledger
import Postgres

/// A row of a source as it looks from outside, its documents aside.
struct KeyedRow {
    let key: Key
    let hash: Int64
    let xmin: UInt32
    let mark: Int64

    /// Reads the rows that a condition on the alias `source` picks, in key order.
    static func read(
        _ table: KeyedTable, where condition: SQL, locking: Bool = false, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [KeyedRow] {
        let found = try transaction.run(
            """
            select \(table.keyHash(of: "source")), source.xmin::text, \(table.mark(of: "source")),
                   \(table.printedColumns(of: "source"))
              from \(table.name) source where \(condition) order by \(SQL.list(table.columns, of: "source"))
            \(unsafe: locking ? "for no key update" : "")
            """)
        return found.rows.compactMap { row in
            guard let hash = row.int(0), let xmin = row.int(1), let mark = row.int(2) else { return nil }
            return KeyedRow(
                key: Key(row, from: 3, columns: table.key.count), hash: hash,
                xmin: UInt32(truncatingIfNeeded: xmin), mark: mark)
        }
    }
}
