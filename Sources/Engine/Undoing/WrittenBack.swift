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
            select \(tables.source.keyHash(of: "s")), s.\(column)::text, \(WriteBack.hash(of: column, over: .null)),
                   \(WriteBack.hash(of: column, over: .jsonNull)), \(tables.source.printedColumns(of: "s"))
              from \(tables.source.name) s
             where \(ChunkQuery.condition(range, key: tables.source.key, alias: "s"))
               and nullif(s.\(column), 'null'::jsonb) is not null
            """)
        return found.rows.compactMap { row in
            let ours = row.int(0).flatMap { worked?.rows[$0]?.written }
            if let ours, ours == row.int(2) || ours == row.int(3) { return nil }
            return Stranger(
                key: Key(row, from: 4, columns: tables.source.key.count), value: row.bytes(1) ?? [],
                replacesOurs: ours != nil)
        }
    }

    /// Puts what there was before in the place of what was written in a range, where that is still ours.
    func takeBack(in range: KeyRange, _ transaction: borrowing Transaction) throws(PostgresError) {
        let written = worked?.rows.values.compactMap { row in row.written.map { (row.keyHash, $0) } } ?? []
        guard let column = tables.writeBack, !written.isEmpty else { return }
        let overNull = WriteBack.hash(of: column, over: .null)
        let overJSONNull = WriteBack.hash(of: column, over: .jsonNull)
        try transaction.run(
            """
            update \(tables.source.name) s
               set \(column) = case when v.value = \(overJSONNull) then \(WriteBack.Before.jsonNull.literal) end
              from unnest(\(.intArray(written.map(\.0))), \(.intArray(written.map(\.1)))) as v (key, value)
             where \(ChunkQuery.condition(range, key: tables.source.key, alias: "s"))
               and \(tables.source.keyHash(of: "s")) = v.key and v.value in (\(overNull), \(overJSONNull))
            """)
    }

}
