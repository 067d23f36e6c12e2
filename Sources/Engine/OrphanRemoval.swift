import Ledger
import Pipelines
import Postgres

/// Removes the children whose parent vanished between the reading of the parent and the foreign key; the chunks that
/// counted the parents as migrated then count them as gone.
struct OrphanRemoval {
    private let child: QualifiedName
    private let columns: [Identifier]
    private let parent: QualifiedName
    private let parentColumns: [Identifier]
    private let onDelete: Constraint.DeleteAction
    private let chunked: (stage: ChunkedStage, tables: StreamTables)?

    /// The removal that a foreign key needs before it is validated; nil for one that does not say what a delete does.
    init?(
        constraint: Constraint, schema: Identifier, chunked: (stage: ChunkedStage, tables: StreamTables)?
    ) {
        guard case .foreignKey(let columns, let references, let referenced, let onDelete) = constraint.definition,
            onDelete == .cascade || onDelete == .setNull
        else { return nil }
        let child = QualifiedName(schema: schema, name: constraint.table)
        self.child = child
        parent = QualifiedName(schema: schema, name: references)
        self.columns = columns
        parentColumns = referenced
        self.onDelete = onDelete
        let isCounted = chunked.map { $0.tables.target == child && $0.tables.parent == columns } ?? false
        self.chunked = isCounted ? chunked : nil
    }

    /// Removes them; returns how many rows were removed or let go.
    func perform(_ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        let joins = zip(columns, parentColumns).map { "p.\($1.quoted) = c.\($0.quoted)" }.joined(separator: " and ")
        let isSet = columns.map { "c.\($0.quoted) is not null" }.joined(separator: " and ")
        let orphan: SQL = "\(unsafe: isSet) and not exists (select from \(parent) p where \(unsafe: joins))"
        if onDelete == .setNull {
            let cleared = columns.map { "\($0.quoted) = null" }.joined(separator: ", ")
            return Int64(
                try transaction.run("update \(child) c set \(unsafe: cleared) where \(orphan)").affectedRows)
        }
        let parents = columns.enumerated().map { "c.\($1.quoted) as k\($0)" }.joined(separator: ", ")
        let names = columns.indices.map { "k\($0)" }.joined(separator: ", ")
        let row = try transaction.row(
            """
            with removed as (delete from \(child) c where \(orphan) returning \(unsafe: parents)),
                 parents as (select \(unsafe: names), count(*) as rows from removed group by \(unsafe: names))
                 \(recount)
            select coalesce(sum(rows), 0) from parents
            """)
        return row.int(0) ?? 0
    }

    /// Moves the vanished parents from migrated to gone, in the chunks whose ranges hold their keys.
    private var recount: SQL {
        guard let chunked else { return "" }
        let key = chunked.tables.key.indices.map { "p.k\($0)" }.joined(separator: ", ")
        func bound(_ name: String) -> String {
            chunked.tables.key.enumerated().map { "(c.\(name))[\($0 + 1)]::\($1.type)" }.joined(separator: ", ")
        }
        return """
            , counts as (
                select c.n, count(*) as parents, sum(p.rows) as rows from parents p
                  join chunks c on c.run_id = \(.int(chunked.stage.run.value)) and c.stage = \(.text(chunked.stage.name))
                   and c.state = 'done'
                   and (c.lower is null or (\(unsafe: key)) > (\(unsafe: bound("lower"))))
                   and (c.upper is null or (\(unsafe: key)) <= (\(unsafe: bound("upper"))))
                 group by c.n),
            counted as (
                update chunks c set migrated = c.migrated - counts.parents, gone = c.gone + counts.parents,
                                    target_rows = c.target_rows - counts.rows
                  from counts
                 where c.run_id = \(.int(chunked.stage.run.value)) and c.stage = \(.text(chunked.stage.name))
                   and c.n = counts.n)
            """
    }
}
