import Ledger
import Postgres

/// The values that a stream wrote back to its source, and how they are told from those of others: they are still what the
/// row gives.
struct WrittenBack {
    let tables: StreamTables
    /// The source rows, as they were read and transformed now.
    let batch: Batch

    /// A value that is not ours.
    struct Stranger {
        let key: Key
        let found: [UInt8]?
        let expected: [UInt8]?
    }

    /// The values in a range that are not what their rows give.
    func strangers(
        in range: KeyRange, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Stranger] {
        guard let column = tables.writeBack else { return [] }
        let keys = tables.source.key.map { "s.\($0.name.quoted)::text" }.joined(separator: ", ")
        let found = try transaction.run(
            """
            select \(unsafe: keys), s.\(column)::text, v.value::jsonb::text
              from \(tables.source.name) s left join \(values(batch.items)) on \(unsafe: matches)
             where \(ChunkQuery.condition(range, key: tables.source.key, alias: "s"))
               and nullif(s.\(column), 'null'::jsonb) is not null
               and s.\(column)::text is distinct from v.value::jsonb::text
            """)
        let count = tables.source.key.count
        return found.rows.map { row in
            Stranger(
                key: Key((0..<count).compactMap { row.bytes($0) }), found: row.bytes(count),
                expected: row.bytes(count + 1))
        }
    }

    /// Sets to null what was written, where it is still ours; says how many of the values written are another's by now.
    func takeBack(_ worked: WorkedChunk, _ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        guard let column = tables.writeBack else { return 0 }
        let written = batch.items.indices.filter { worked.written.contains(batch.seen.entry(at: $0).keyHash) }
        if written.isEmpty { return 0 }
        let items = written.map { batch.items[$0] }
        try transaction.run(
            """
            update \(tables.source.name) s set \(column) = null from \(values(items))
             where \(unsafe: matches) and s.\(column)::text = v.value::jsonb::text
            """)
        let left = try transaction.row(
            """
            select count(*) from \(tables.source.name) s join \(values(items)) on \(unsafe: matches)
             where nullif(s.\(column), 'null'::jsonb) is not null
            """)
        return left.int(0) ?? 0
    }

    private var matches: String {
        tables.source.key.enumerated().map { "s.\($1.name.quoted) = v.k\($0)::\($1.type)" }.joined(separator: " and ")
    }

    private func values(_ items: [Batch.Item]) -> SQL {
        let keys = tables.source.key.indices.map { place -> SQL in "\(.textArray(items.map { $0.key.parts[place] }))" }
        let names = tables.source.key.indices.map { "k\($0)" }.joined(separator: ", ")
        let covers = items.map { item -> [UInt8]? in
            if case .rejected = item.fate { nil } else { item.cover }
        }
        return """
            unnest(\(.textArray(covers)), \(SQL.joined(keys, separator: ", "))) as v (value, \(unsafe: names))
            """
    }
}
