import Ledger
import Postgres

/// The rows of a stream's targets that a chunk gave: of source rows that it saw and did not reject, and that had none before.
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
        var all: [TargetComparison.Finding] = []
        for target in tables.targets {
            let those = findings.filter { $0.table == target.name }
            let own = try keys(Array(Set(those.map(\.key))), in: target, transaction)
            all += those.filter { own.contains($0.key) }
        }
        return all
    }

    /// Those of some keys that such rows of a target hang on.
    private func keys(
        _ keys: [Key], in target: StreamTarget, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Set<Key> {
        if keys.isEmpty { return [] }
        let arrays = target.parent.indices.map { place -> SQL in "\(.textArray(keys.map { $0.parts[place] }))" }
        let printed = texts(target).joined(separator: ", ")
        let found = try transaction.run(
            """
            select distinct \(unsafe: printed) from \(target.name) t
             where (\(unsafe: printed)) in (select * from unnest(\(SQL.joined(arrays, separator: ", "))))
               and \(isOwn(target))
            """)
        return Set(found.rows.map { Key($0, columns: target.parent.count) })
    }

    /// Such rows of each target by their ids; locked, so that they stay as they are.
    struct Held {
        fileprivate let ids: [[[UInt8]]]
    }

    /// Holds them in a range.
    func hold(in range: KeyRange, _ transaction: borrowing Transaction) throws(PostgresError) -> Held {
        var ids: [[[UInt8]]] = []
        for target in tables.targets {
            let parent = try target.parentKey(of: tables.source, transaction)
            let found = try transaction.run(
                """
                select t.\(target.columns[0])::text from \(target.name) t
                 where \(isOwn(target)) and \(ChunkQuery.condition(range, key: parent, alias: "t")) for update
                """)
            ids.append(found.rows.compactMap { $0.bytes(0) })
        }
        return Held(ids: ids)
    }

    /// Removes those of some that are in a range; says how many there were.
    func remove(
        _ held: Held, in range: KeyRange, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Int64 {
        var rows: Int64 = 0
        // The others hang on the first, and would go with it uncounted.
        for (target, ids) in zip(tables.targets, held.ids).reversed() {
            let parent = try target.parentKey(of: tables.source, transaction)
            rows += Int64(
                try transaction.run(
                    """
                    delete from \(target.name) t
                     where t.\(target.columns[0])::text = any (\(.textArray(ids)))
                       and \(ChunkQuery.condition(range, key: parent, alias: "t"))
                    """
                ).affectedRows)
        }
        return rows
    }

    private func texts(_ target: StreamTarget) -> [String] { target.parent.map { "t.\($0.quoted)::text" } }

    private func isOwn(_ target: StreamTarget) -> SQL {
        let texts = texts(target)
        let printed = texts.joined(separator: ", ")
        let hashed = texts.count == 1 ? texts[0] : "array[\(printed)]::text"
        let key = texts.count == 1 ? "to_jsonb(\(texts[0]))" : "jsonb_build_array(\(printed))"
        let stage: SQL = "run_id = \(.int(context.run.value)) and stage = \(.text(stage))"
        return """
            \(target.isOurs)
            and exists (select from \(ledger).chunks c where \(stage) and c.n = \(.int(chunk))
                           and position(int8send(hashtextextended(\(unsafe: hashed) collate "C", 0)) in c.seen) > 0)
            and not exists (select from \(ledger).rejects r where \(stage) and r.chunk = \(.int(chunk))
                               and r.state <> 'resolved' and r.key = \(unsafe: key))
            and not exists (select from \(ledger).found_rows f where \(stage) and f.key = \(unsafe: key))
            """
    }
}
