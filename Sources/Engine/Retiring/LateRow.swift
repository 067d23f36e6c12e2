import Ledger
import Postgres

/// A row of a source that came, was written to or vanished since it was archived.
struct LateRow {
    let key: Key
    /// The hash of the key.
    let hash: Int64

    /// Finds the first of them, in key order, and how many there are, by comparing the keys and `xmin` of table and archive,
    /// which were the same but for what was written behind a horizon. No document is read.
    static func find(
        since archive: ColumnArchive, behind horizon: Horizon, atMost limit: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (first: [LateRow], count: Int64) {
        let (table, key) = (archive.columns.table.name, archive.columns.table.columns)
        let isSame = SQL.equal(key, of: "a", and: "source")
        let printed = KeyedTable.printed(key, of: "late")
        let text = key.map { "late.\($0.quoted)::text" }.joined(separator: ", ")
        let found = try transaction.run(
            """
            select hashtextextended(\(unsafe: printed) collate "C", 0), count(*) over (), \(unsafe: text)
              from (select \(SQL.list(key, of: "source")) from \(table) source
                     where \(horizon.mayPrecede("source.xmin"))
                       and (select a.\(archive.xmin) from \(archive.name) a where \(isSame))
                           is distinct from source.xmin::text::bigint
                    union all
                    select \(SQL.list(key, of: "a")) from \(archive.name) a
                     where not exists (select from \(table) source where \(isSame))) late
             order by \(SQL.list(key, of: "late")) limit \(.int(limit))
            """)
        let rows = found.rows.compactMap { row -> LateRow? in
            guard let hash = row.int(0) else { return nil }
            return LateRow(key: Key(row, from: 2, columns: key.count), hash: hash)
        }
        return (rows, found.first?.int(1) ?? 0)
    }
}
