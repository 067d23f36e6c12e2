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
    private let streams: [(stage: ChunkedStage, tables: StreamTables)]
    private let ledger: Identifier

    /// The removal that a foreign key needs before it is validated; nil for one that does not say what a delete does.
    init?(
        constraint: Constraint, schema: Identifier, ledger: Identifier,
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
        streams = chunked.filter { $0.tables.target == child }
    }

    /// Removes them; returns how many rows were removed or let go.
    func perform(_ transaction: borrowing Transaction) throws -> Int64 {
        // Triggers on these tables are the application's, and expect its schema.
        try transaction.working(in: [child.schema], lock: transaction.settings.lock) { try remove(transaction) }
    }

    private func remove(_ transaction: borrowing Transaction) throws -> Int64 {
        if onDelete == .setNull {
            let cleared = columns.map { "\($0.quoted) = null" }.joined(separator: ", ")
            return Int64(
                try transaction.run("update \(child) c set \(unsafe: cleared) where \(orphan)").affectedRows)
        }
        var removed: Int64 = 0
        for stream in streams {
            let owned = OwnedRows(
                ledger: ledger, child: child, orphan: orphan, stage: stream.stage, tables: stream.tables)
            try owned.refuseStrangers(missingFrom: parent, transaction)
            removed += try owned.remove(transaction)
        }
        if streams.isEmpty {
            removed = Int64(try transaction.run("delete from \(child) c where \(orphan)").affectedRows)
        }
        return removed
    }

    /// The rows `c` of the child whose parent is not there.
    private var orphan: SQL {
        let joins = zip(columns, parentColumns).map { "p.\($1.quoted) = c.\($0.quoted)" }.joined(separator: " and ")
        let isSet = columns.map { "c.\($0.quoted) is not null" }.joined(separator: " and ")
        return "\(unsafe: isSet) and not exists (select from \(parent) p where \(unsafe: joins))"
    }
}

/// The orphans among the rows that one stream gave.
private struct OwnedRows {
    let ledger: Identifier
    let child: QualifiedName
    let orphan: SQL
    let stage: ChunkedStage
    let tables: StreamTables

    private var names: String { tables.parent.indices.map { "k\($0)" }.joined(separator: ", ") }

    /// The key of the source row that a row came from.
    private var sources: String {
        tables.parent.enumerated().map { "c.\($1.quoted) as k\($0)" }.joined(separator: ", ")
    }

    private var condition: SQL { "\(orphan) and \(tables.isOurs)" }

    /// Removes them; moves the source rows that gave them from migrated to gone, in the chunks whose ranges hold their keys.
    /// One that was rejected was never counted as migrated; it is settled as gone when its reject is tried again.
    func remove(_ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        try transaction.row(
            """
            with removed as (delete from \(child) c where \(condition) returning \(unsafe: sources)),
                 parents as (select \(unsafe: names), count(*) as rows from removed group by \(unsafe: names)),
                 counts as (
                    select c.n, count(*) as parents, sum(p.rows) as rows from parents p
                      join \(ledger).chunks c on \(holdsParent)
                     where not exists (
                        select from \(ledger).rejects r
                         where r.run_id = c.run_id and r.stage = c.stage and r.chunk = c.n and r.state <> 'resolved'
                           and r.key = \(unsafe: rejectKey))
                     group by c.n),
                 counted as (
                    update \(ledger).chunks c
                       set migrated = c.migrated - counts.parents, gone = c.gone + counts.parents,
                           target_rows = c.target_rows - counts.rows
                      from counts where \(isOurChunk) and c.n = counts.n)
            select coalesce(sum(rows), 0) from parents
            """
        ).int(0) ?? 0
    }

    /// Throws when a row came from none that this run ever saw: it was there before, or somebody else wrote it, and it is
    /// not for us to remove.
    func refuseStrangers(missingFrom parent: QualifiedName, _ transaction: borrowing Transaction) throws {
        let texts = tables.parent.indices.map { "p.k\($0)::text" }
        let printed = texts.count == 1 ? texts[0] : "array[\(texts.joined(separator: ", "))]::text"
        let found = try transaction.run(
            """
            select \(unsafe: texts.joined(separator: ", "))
              from (select distinct \(unsafe: sources) from \(child) c where \(condition)) p
             where not exists (
                select from \(ledger).chunks c where \(holdsParent)
                   and position(int8send(hashtextextended(\(unsafe: printed) collate "C", 0)) in c.seen) > 0)
             order by 1 limit 5
            """)
        guard found.count > 0 else { return }
        let keys = found.rows.map { row in
            Key(tables.parent.indices.compactMap { row.bytes($0) }).description
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

    /// The key of `p` as a reject has it.
    private var rejectKey: String {
        let texts = tables.parent.indices.map { "p.k\($0)::text" }
        return texts.count == 1 ? "to_jsonb(\(texts[0]))" : "jsonb_build_array(\(texts.joined(separator: ", ")))"
    }
}
