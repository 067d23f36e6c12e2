import Ledger
import Postgres

/// Compares the values that were to be written back to the source with what is there.
struct CoverComparison {
    let tables: StreamTables

    /// A value that is not what would have been written.
    struct Finding {
        /// The place of the source row among the items.
        let index: Int
        let found: [UInt8]?
        let expected: [UInt8]?
    }

    /// What differs; a JSON null is none.
    func findings(
        _ items: [Batch.Item], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Finding] {
        guard let column = tables.writeBack, !items.isEmpty, !Mutant.is(.compareWithoutCovers) else { return [] }
        let wanted = items.enumerated().filter { _, item in
            if case .rejected = item.fate { false } else { true }
        }
        let key = tables.source.key
        let keys = key.indices.map { place -> SQL in
            "\(.textArray(wanted.map { $0.element.key.parts[place] }))"
        }
        let names = key.indices.map { "k\($0)" }.joined(separator: ", ")
        let matches = key.enumerated().map { "s.\($1.name.quoted) = v.k\($0)::\($1.type)" }
        let found = try transaction.run(
            """
            select v.i, found::text, expected::text
              from unnest(\(.intArray(wanted.map { Int64($0.offset) })),
                          \(.textArray(wanted.map { $0.element.cover })), \(SQL.joined(keys, separator: ", ")))
                   as v (i, value, \(unsafe: names))
              join \(tables.source.name) s on \(unsafe: matches.joined(separator: " and "))
             cross join lateral (select nullif(s.\(column), 'null'::jsonb) as found, v.value::jsonb as expected) sides
             where found::text is distinct from expected::text order by v.i
            """)
        return found.rows.compactMap { row in
            row.int(0).map { Finding(index: Int($0), found: row.bytes(1), expected: row.bytes(2)) }
        }
    }
}
