import Ledger
import Postgres

/// The rows of a target that a chunk gave: of source rows that it saw and did not reject, and that had none before.
struct OwnRows {
    let context: UndoContext
    let stage: String
    let chunk: Int64
    let tables: StreamTables

    private var ledger: Identifier { context.site.ledger.schema }

    /// Those of some findings that are such rows, or hang on the same source rows.
    func among(
        _ findings: [TargetComparison.Finding], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [TargetComparison.Finding] {
        let keys = Array(Set(findings.map(\.key)))
        if keys.isEmpty { return [] }
        let arrays = tables.parent.indices.map { place -> SQL in "\(.textArray(keys.map { $0.parts[place] }))" }
        let found = try transaction.run(
            """
            select distinct \(unsafe: printed) from \(tables.target) t
             where (\(unsafe: printed)) in (select * from unnest(\(SQL.joined(arrays, separator: ", ")))) and \(isOwn)
            """)
        let own = Set(found.rows.map { row in Key(tables.parent.indices.compactMap { row.bytes($0) }) })
        return findings.filter { own.contains($0.key) }
    }

    /// Removes them in a range; says how many there were.
    func remove(
        in range: KeyRange, of parent: [KeyColumn], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Int64 {
        Int64(
            try transaction.run(
                """
                delete from \(tables.target) t
                 where \(isOwn) and \(ChunkQuery.condition(range, key: parent, alias: "t"))
                """
            ).affectedRows)
    }

    private var texts: [String] { tables.parent.map { "t.\($0.quoted)::text" } }
    private var printed: String { texts.joined(separator: ", ") }

    private var isOwn: SQL {
        let hashed = texts.count == 1 ? texts[0] : "array[\(printed)]::text"
        let key = texts.count == 1 ? "to_jsonb(\(texts[0]))" : "jsonb_build_array(\(printed))"
        let stage: SQL = "run_id = \(.int(context.run.value)) and stage = \(.text(stage))"
        return """
            \(tables.isOurs)
            and exists (select from \(ledger).chunks c where \(stage) and c.n = \(.int(chunk))
                           and position(int8send(hashtextextended(\(unsafe: hashed) collate "C", 0)) in c.seen) > 0)
            and not exists (select from \(ledger).rejects r where \(stage) and r.chunk = \(.int(chunk))
                               and r.state <> 'resolved' and r.key = \(unsafe: key))
            and not exists (select from \(ledger).found_rows f where \(stage) and f.key = \(unsafe: key))
            """
    }
}
