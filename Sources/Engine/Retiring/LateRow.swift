import Ledger
import Postgres

/// A row of a source that came, was written to or vanished since it was archived.
struct LateRow {
    let key: Key
    /// The hash of the key.
    let hash: Int64

    /// Finds the first of them, in key order, and how many there are, by comparing the keys and `xmin` of table and archive:
    /// each is read once, and no document.
    static func find(
        since archive: ColumnArchive, atMost limit: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (first: [LateRow], count: Int64) {
        let key = archive.columns.table.columns
        let printed = KeyedTable.printed(key, of: "late")
        let text = key.map { "late.\($0.quoted)::text" }.joined(separator: ", ")
        let found = try transaction.run(
            """
            select hashtextextended(\(unsafe: printed) collate "C", 0), count(*) over (), \(unsafe: text)
              from (select \(SQL.list(key))
                      from \(archive.columns.table.name) source full join \(archive.name) a using (\(SQL.list(key)))
                     where a.\(archive.xmin) is distinct from source.xmin::text::bigint) late
             order by \(SQL.list(key, of: "late")) limit \(.int(limit))
            """)
        let rows = found.rows.compactMap { row -> LateRow? in
            guard let hash = row.int(0) else { return nil }
            return LateRow(key: Key(row, from: 2, columns: key.count), hash: hash)
        }
        return (rows, found.first?.int(1) ?? 0)
    }
}
