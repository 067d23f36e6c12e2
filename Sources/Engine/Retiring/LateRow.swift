import Ledger
import Postgres

/// A row of a source that came, was written to or vanished since it was archived.
struct LateRow {
    let key: Key
    /// The hash of the key.
    let hash: Int64

    /// Finds them, in key order, by comparing the keys and `xmin` of table and archive: each is read once, and no document.
    static func find(
        since archive: ColumnArchive, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [LateRow] {
        let key = archive.columns.table.columns
        let printed = KeyedTable.printed(key, of: "late")
        let text = key.map { "late.\($0.quoted)::text" }.joined(separator: ", ")
        let order = key.map { "late.\($0.quoted)" }.joined(separator: ", ")
        let found = try transaction.run(
            """
            select hashtextextended(\(unsafe: printed) collate "C", 0), \(unsafe: text)
              from (select \(SQL.list(key))
                      from \(archive.columns.table.name) source full join \(archive.name) a using (\(SQL.list(key)))
                     where a.\(archive.xmin) is distinct from source.xmin::text::bigint) late
             order by \(unsafe: order)
            """)
        return found.rows.compactMap { row in
            guard let hash = row.int(0) else { return nil }
            return LateRow(key: Key(key.indices.compactMap { row.bytes(1 + $0) }), hash: hash)
        }
    }
}
