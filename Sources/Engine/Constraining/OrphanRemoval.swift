import Ledger
import Pipelines
import Postgres

/// Removes the children whose parent vanished between the reading of the parent and the foreign key; the chunks that
/// counted the source rows which gave them as migrated then count those as gone.
struct OrphanRemoval {
    private let child: QualifiedName
    private let columns: [Identifier]
    private let parent: QualifiedName
    private let parentColumns: [Identifier]
    private let onDelete: Constraint.DeleteAction
    private let streams: [Filler]
    private let ledger: Ledger

    /// The removal that a foreign key needs before it is validated; nil for one that does not say what a delete does.
    init?(
        constraint: Constraint, schema: Identifier, ledger: Ledger,
        chunked: [(stage: ChunkedStage, tables: StreamTables)]
    ) {
        guard case .foreignKey(let columns, let references, let referenced, let onDelete) = constraint.definition,
            onDelete == .cascade || onDelete == .setNull
        else { return nil }
        let child = QualifiedName(schema: schema, name: constraint.table)
        self.child = child
        parent = QualifiedName(schema: schema, name: references)
        self.ledger = ledger
        self.columns = columns
        parentColumns = referenced
        self.onDelete = onDelete
        let parent = parent
        streams = chunked.compactMap { stage, tables in
            tables.targets.first { $0.name == child }.map { target in
                Filler(
                    stage: stage, tables: tables, target: target,
                    isOfSource: tables.source.name == parent && tables.source.columns == referenced
                        && target.parent == columns,
                    isWithin: tables.targets.contains { $0.name == parent })
            }
        }
    }

    /// A stream that fills the child.
    private struct Filler {
        let stage: ChunkedStage
        let tables: StreamTables
        let target: StreamTarget
        /// Whether the parent's row is the very source row: then all that it gave goes, in whatever table.
        let isOfSource: Bool
        /// Whether the parent is filled by the same stream: then the source row may be there all the same.
        let isWithin: Bool
    }

    /// Removes them; returns how many rows were removed or let go.
    func perform(_ transaction: borrowing Transaction) throws -> Int64 {
        // Nearly always there is none, and to see that costs one look at the table.
        let hasOrphans: SQL = "select exists (select from \(child) c where \(orphan(by: columns)))"
        guard try transaction.row(hasOrphans).bool(0) else { return 0 }
        // Triggers on these tables are the application's, and expect its schema.
        let (removed, parents) = try transaction.working(in: [child.schema], lock: transaction.settings.lock) {
            try remove(transaction)
        }
        for (stream, parents) in zip(streams, parents) where !stream.isWithin {
            try OrphanedParent.settle(parents, of: stream.stage, ledger, transaction)
        }
        return removed
    }

    /// How many rows, and the source rows that gave those which streams have written, one list a stream.
    private func remove(_ transaction: borrowing Transaction) throws -> (rows: Int64, parents: [[OrphanedParent]]) {
        if onDelete == .setNull {
            let cleared = columns.map { "\($0.quoted) = null" }.joined(separator: ", ")
            return (
                Int64(
                    try transaction.run("update \(child) c set \(unsafe: cleared) where \(orphan(by: columns))")
                        .affectedRows), []
            )
        }
        if streams.isEmpty {
            return (Int64(try transaction.run("delete from \(child) c where \(orphan(by: columns))").affectedRows), [])
        }
        let parents = try streams.map { stream in
            let targets = stream.isOfSource ? stream.tables.targets.reversed() : [stream.target]
            let owned = targets.map { target in
                OwnedRows(
                    ledger: ledger.schema, orphan: orphan(by: stream.isOfSource ? target.parent : columns),
                    stage: stream.stage, tables: stream.tables, target: target)
            }
            for rows in owned { try rows.refuseStrangers(missingFrom: parent, transaction) }
            return try owned.flatMap { try $0.remove(transaction) }
        }
        return (parents.joined().map(\.rows).reduce(0, +), parents)
    }

    /// Whether a row `c` names a parent by these columns that is not there.
    private func orphan(by columns: [Identifier]) -> SQL {
        let joins = zip(columns, parentColumns).map { "p.\($1.quoted) = c.\($0.quoted)" }.joined(separator: " and ")
        let isSet = columns.map { "c.\($0.quoted) is not null" }.joined(separator: " and ")
        return "\(unsafe: isSet) and not exists (select from \(parent) p where \(unsafe: joins))"
    }
}

/// The orphans among the rows that one stream gave.
private struct OwnedRows {
    let ledger: Identifier
    let orphan: SQL
    let stage: ChunkedStage
    let tables: StreamTables
    let target: StreamTarget

    private var child: QualifiedName { target.name }

    private var names: String { target.parent.indices.map { "k\($0)" }.joined(separator: ", ") }

    /// The key of the source row that a row came from.
    private var sources: String {
        target.parent.enumerated().map { "c.\($1.quoted) as k\($0)" }.joined(separator: ", ")
    }

    private var condition: SQL { "\(orphan) and \(target.isOurs)" }

    /// Removes them; says which source rows gave them.
    func remove(_ transaction: borrowing Transaction) throws(PostgresError) -> [OrphanedParent] {
        let parts = target.parent.indices.map { "p.k\($0)::text" }.joined(separator: ", ")
        let found = try transaction.run(
            """
            with removed as (delete from \(child) c where \(condition) returning \(unsafe: sources)),
                 parents as (select \(unsafe: names), count(*) as rows from removed group by \(unsafe: names))
            select (select c.n from \(ledger).chunks c where \(holdsParent) order by c.n limit 1), p.rows,
                   hashtextextended(\(printed) collate "C", 0), \(unsafe: parts)
              from parents p
            """)
        return found.rows.compactMap { row in
            guard let rows = row.int(1), let hash = row.int(2) else { return nil }
            return OrphanedParent(
                chunk: row.int(0), rows: rows, hash: hash,
                key: Key(row, from: 3, columns: target.parent.count))
        }
    }

    /// The key of `p` as it is hashed.
    private var printed: SQL {
        let texts = target.parent.indices.map { "p.k\($0)::text" }
        return SQL(unsafe: texts.count == 1 ? texts[0] : "array[\(texts.joined(separator: ", "))]::text")
    }

    /// Throws when a row came from none that this run ever saw: it was there before, or somebody else wrote it, and it is
    /// not for us to remove.
    func refuseStrangers(missingFrom parent: QualifiedName, _ transaction: borrowing Transaction) throws {
        let texts = target.parent.indices.map { "p.k\($0)::text" }
        let found = try transaction.run(
            """
            select \(unsafe: texts.joined(separator: ", "))
              from (select distinct \(unsafe: sources) from \(child) c where \(condition)) p
             where not exists (
                select from \(ledger).chunks c where \(holdsParent)
                   and position(int8send(hashtextextended(\(printed) collate "C", 0)) in c.seen) > 0)
             order by 1 limit 5
            """)
        guard found.count > 0 else { return }
        let keys = found.rows.map { row in
            Key(row, columns: target.parent.count).description
        }
        throw Failure(
            .refused,
            "\(child) has rows whose parents are not in \(parent), and this run never saw what they came from",
            details: ["first keys: " + keys.joined(separator: "; ")],
            next: "remove those rows or bring their parents back, then run again")
    }

    private var isOurChunk: SQL { "c.run_id = \(.int(stage.run.value)) and c.stage = \(.text(stage.name))" }

    /// Whether the chunk `c` is done and its range holds the key of `p`.
    private var holdsParent: SQL {
        let key = tables.source.key.indices.map { "p.k\($0)" }.joined(separator: ", ")
        func bound(_ name: String) -> String {
            tables.source.key.enumerated().map { "(c.\(name))[\($0 + 1)]::\($1.type)" }.joined(separator: ", ")
        }
        return """
            \(isOurChunk) and c.state = 'done'
            -- Keys of other stages may be of other types, and must not be read as this one's.
            and case when \(isOurChunk)
                     then (c.lower is null or (\(unsafe: key)) > (\(unsafe: bound("lower"))))
                      and (c.upper is null or (\(unsafe: key)) <= (\(unsafe: bound("upper")))) else false end
            """
    }
}

/// A source row that is not there any more, while the rows that it gave were.
private struct OrphanedParent {
    /// The chunk whose range holds its key.
    let chunk: Int64?
    /// How many rows it gave.
    let rows: Int64
    let hash: Int64
    let key: Key

    /// Counts them as gone. One that was rejected was never counted as migrated; it is settled as gone when its reject is
    /// tried again.
    static func settle(
        _ parents: [OrphanedParent], of stage: ChunkedStage, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        for (n, parents) in Dictionary(grouping: parents, by: \.chunk) {
            guard let n, var chunk = try ledger.lockDoneChunk(n, of: stage, transaction) else { continue }
            // A source row may have given rows of several tables.
            let ofHash = Dictionary(grouping: parents, by: \.hash)
            let gone = chunk.rows.filter { ofHash[$0.keyHash] != nil && $0.fate != .rejected }
            let hashes = Set(gone.map(\.keyHash))
            chunk.rows.removeAll { hashes.contains($0.keyHash) }
            let known = gone.compactMap { row in ofHash[row.keyHash]?.first.map { (key: $0.key, xmin: row.xmin) } }
            chunk.sum -= try ledger.sumsOfMarks([known], transaction)[0]
            let rows = gone.flatMap { ofHash[$0.keyHash] ?? [] }.map(\.rows).reduce(0, +)
            let additions = ChunkAdditions(gone: Int64(gone.count))
            try ledger.renew(
                [ChunkRenewal(chunk, targetRows: .grew(by: -rows), adding: additions)], of: stage, transaction)
        }
    }
}
