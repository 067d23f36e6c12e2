import Glibc
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

    /// What differs; a JSON null is none. Where the items are those of a range, in its order, which the transaction still sees
    /// as it did when they were read, they are compared byte for byte first.
    func findings(
        _ items: [Batch.Item], in range: KeyRange? = nil, _ transaction: borrowing Transaction
    ) throws -> [Finding] {
        guard let column = tables.writeBack, !items.isEmpty, !Mutant.is(.compareWithoutCovers) else { return [] }
        var doubtful = items.indices.filter { index in
            if case .rejected = items[index].fate { false } else { true }
        }
        if let range, tables.ledgerText.isUnicode {
            let equal = try equal(items, column, in: range, transaction)
            doubtful.removeAll { equal.contains($0) }
        }
        return doubtful.isEmpty ? [] : try findings(doubtful, of: items, column, transaction)
    }

    /// The places of the items whose value is, byte for byte, what is there.
    private func equal(
        _ items: [Batch.Item], _ column: Identifier, in range: KeyRange, _ transaction: borrowing Transaction
    ) throws -> Set<Int> {
        let key = tables.source.columns
        let there: SQL = """
            select nullif(s.\(column), 'null'::jsonb), \(tables.source.printedColumns(of: "s")) from \(tables.source.name) s
             where \(ChunkQuery.condition(range, key: tables.source.key, alias: "s"))
             order by \(SQL.list(key, of: "s"))
            """
        var equal: Set<Int> = []
        var index = 0
        try transaction.copyOut(there) { row in
            // A row that is not among the items was rejected, and not read.
            guard index < items.count,
                items[index].key == Key(key.indices.map { Array(row[1 + $0] ?? .empty) })
            else { return }
            if Self.isEqual(row[0], items[index].cover) { equal.insert(index) }
            index += 1
        }
        return equal
    }

    /// The binary form of jsonb is a version byte and then its text.
    private static func isEqual(_ found: UnsafeRawBufferPointer?, _ expected: [UInt8]?) -> Bool {
        guard let found, let expected else { return found == nil && expected == nil }
        return found.count == expected.count + 1
            && expected.withUnsafeBytes { text in
                guard let one = found.baseAddress, let other = text.baseAddress else { return false }
                return memcmp(one + 1, other, text.count) == 0
            }
    }

    private func findings(
        _ wanted: [Int], of items: [Batch.Item], _ column: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Finding] {
        let key = tables.source.key
        let keys = key.indices.map { place -> SQL in "\(.textArray(wanted.map { items[$0].key.parts[place] }))" }
        let names = key.indices.map { "k\($0)" }.joined(separator: ", ")
        let matches = key.enumerated().map { "s.\($1.name.quoted) = v.k\($0)::\($1.type)" }
        let found = try transaction.run(
            """
            select v.i, found::text, expected::text
              from unnest(\(.intArray(wanted.map { Int64($0) })), \(.textArray(wanted.map { items[$0].cover })),
                          \(SQL.joined(keys, separator: ", "))) as v (i, value, \(unsafe: names))
              join \(tables.source.name) s on \(unsafe: matches.joined(separator: " and "))
             cross join lateral (select nullif(s.\(column), 'null'::jsonb) as found, v.value::jsonb as expected) sides
             where found::text is distinct from expected::text order by v.i
            """)
        return found.rows.compactMap { row in
            row.int(0).map { Finding(index: Int($0), found: row.bytes(1), expected: row.bytes(2)) }
        }
    }
}
