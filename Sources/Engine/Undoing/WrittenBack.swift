import Ledger
import Postgres

/// The values that a chunk of a stream wrote back to its source, and how they are told from those of others: they still have
/// the hash that the ledger keeps.
struct WrittenBack {
    let tables: StreamTables
    /// What the chunk saw and wrote; nil where it was never done.
    let worked: WorkedChunk?

    /// A value that is not ours.
    struct Stranger {
        let key: Key
        let value: [UInt8]
        /// Whether there was one of ours in its place.
        let replacesOurs: Bool
    }

    /// The values in a range that others have set.
    func strangers(
        in range: KeyRange, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Stranger] {
        guard let column = tables.writeBack else { return [] }
        let found = try transaction.run(
            """
            select \(tables.source.keyHash(of: "s")), \(WriteBack.hash(of: column)), s.\(column)::text,
                   \(tables.source.printedColumns(of: "s"))
              from \(tables.source.name) s
             where \(ChunkQuery.condition(range, key: tables.source.key, alias: "s"))
               and nullif(s.\(column), 'null'::jsonb) is not null
            """)
        return found.rows.compactMap { row in
            let ours = row.int(0).flatMap { worked?.rows[$0]?.written }
            if let ours, ours == row.int(1) { return nil }
            return Stranger(
                key: Key(tables.source.key.indices.compactMap { row.bytes(3 + $0) }), value: row.bytes(2) ?? [],
                replacesOurs: ours != nil)
        }
    }

    /// Sets to null what was written in a range, where it is still ours.
    func takeBack(in range: KeyRange, _ transaction: borrowing Transaction) throws(PostgresError) {
        let written = worked?.rows.values.compactMap { row in row.written.map { (row.keyHash, $0) } } ?? []
        guard let column = tables.writeBack, !written.isEmpty else { return }
        try transaction.run(
            """
            update \(tables.source.name) s set \(column) = null
              from unnest(\(.intArray(written.map(\.0))), \(.intArray(written.map(\.1)))) as v (key, value)
             where \(ChunkQuery.condition(range, key: tables.source.key, alias: "s"))
               and \(tables.source.keyHash(of: "s")) = v.key and \(WriteBack.hash(of: column)) = v.value
            """)
    }

}
