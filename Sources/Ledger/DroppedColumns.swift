public import Postgres

/// A column that was dropped, with all that makes it again.
public struct DroppedColumn: Sendable, Equatable {
    /// Its name.
    public let name: Identifier
    /// Its type as it stands in SQL.
    public let type: String
    /// Its collation, qualified, where it is not the type's own.
    public let collation: String?
    /// Whether it took no null.
    public let isNotNull: Bool
    /// The name of the constraint that said so, where the server has such.
    public let notNullName: Identifier?
    /// The expression of its default.
    public let defaultExpression: String?
    /// The expression that it was generated from.
    public let generated: String?
    /// Whether that was computed at each reading instead of being stored.
    public let isVirtual: Bool
    /// `a` where it was always an identity, `d` where it was one by default.
    public let identity: String?
    /// What was said about it.
    public let comment: String?
    /// How it was stored: plain, external, main or extended.
    public let storage: String
    /// How it was compressed, where that was said.
    public let compression: String?
    /// Its statistics target, where it was set.
    public let statistics: Int64?
    /// Its options, as they stand in SQL.
    public let options: String?
}

/// What a stage dropped, as it was recorded, and how far it was brought back.
public struct DroppedColumns: Sendable {
    /// The table of the ledger's schema that holds their values; nil where none was wanted.
    public let relation: Identifier?
    /// The table that they were dropped from.
    public let table: QualifiedName
    /// The columns of its key.
    public let key: [Identifier]
    /// The columns.
    public let columns: [DroppedColumn]
    /// The statements that are still to be run, to make again what went with them.
    public let dependents: [String]
    /// How many rows the table had.
    public let rows: Int64
    /// The sum of the rows' marks.
    public let sum: String
    /// Whether the columns are in their table again, with their values.
    public let isRestored: Bool

    /// The same as a record of what was dropped.
    public var record: ArchiveRecord {
        ArchiveRecord(
            relation: relation, table: table, key: key, columns: columns.map(\.name), rows: rows, sum: sum)
    }
}

extension Ledger {
    /// What a stage dropped and was not brought back as a whole; nil where there is nothing.
    public func dropped(
        by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> DroppedColumns? {
        let own: SQL = "run_id = \(.int(run.value)) and stage = \(.text(stage))"
        let found = try transaction.run(
            """
            select relation, source_schema, source_table, rows, seen_sum::text,
                   coalesce((columns -> 0 ->> 'restored')::boolean, false)
              from archives where \(own)
            """)
        guard let row = found.first else { return nil }
        guard let schema = row.text(1).flatMap({ Identifier($0) }), let table = row.text(2).flatMap({ Identifier($0) })
        else { throw .unexpectedAnswer("an archive that is not whole") }
        let key = try transaction.run(
            "select name from archives, unnest(key) with ordinality as k (name, place) where \(own) order by place")
        let dependents = try transaction.run(
            """
            select statement from archives, unnest(dependents) with ordinality as d (statement, place)
             where \(own) order by place
            """)
        return DroppedColumns(
            relation: row.text(0).flatMap { Identifier($0) }, table: QualifiedName(schema: schema, name: table),
            key: key.rows.compactMap { $0.text(0).flatMap { Identifier($0) } },
            columns: try droppedColumns(where: own, transaction),
            dependents: dependents.rows.compactMap { $0.text(0) }, rows: row.int(3) ?? 0, sum: row.text(4) ?? "0",
            isRestored: row.bool(5))
    }

    private func droppedColumns(
        where own: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [DroppedColumn] {
        let found = try transaction.run(
            """
            select c ->> 'name', c ->> 'type', c ->> 'collation', (c ->> 'not_null')::boolean, c ->> 'default',
                   c ->> 'generated', c ->> 'identity', c ->> 'comment', c ->> 'storage', c ->> 'compression',
                   c ->> 'statistics',
                   (select string_agg(o, ', ') from jsonb_array_elements_text(nullif(c -> 'options', 'null')) o),
                   c ->> 'not_null_name', coalesce((c ->> 'virtual')::boolean, false)
              from archives, jsonb_array_elements(columns) with ordinality as d (c, place)
             where \(own) order by place
            """)
        var columns: [DroppedColumn] = []
        for row in found.rows {
            guard let name = row.text(0).flatMap({ Identifier($0) }), let type = row.text(1) else {
                throw .unexpectedAnswer("a dropped column that is not whole")
            }
            columns.append(
                DroppedColumn(
                    name: name, type: type, collation: row.text(2), isNotNull: row.bool(3),
                    notNullName: row.text(12).flatMap { Identifier($0) }, defaultExpression: row.text(4),
                    generated: row.text(5), isVirtual: row.bool(13), identity: row.text(6),
                    comment: row.text(7), storage: row.text(8) ?? "extended", compression: row.text(9),
                    statistics: row.int(10), options: row.text(11)))
        }
        return columns
    }

    /// Notes that the columns that a stage dropped are in their table again, with their values.
    public func markRestored(
        by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update archives
               set columns = (select jsonb_agg(c || '{"restored": true}' order by place)
                                from jsonb_array_elements(columns) with ordinality as d (c, place))
             where run_id = \(.int(run.value)) and stage = \(.text(stage))
            """)
    }

    /// Notes which statements are still to be run, to make again what went with the columns that a stage dropped.
    public func setDependents(
        _ statements: [String], by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update archives set dependents = \(.textArray(statements.map { Array($0.utf8) }))
             where run_id = \(.int(run.value)) and stage = \(.text(stage))
            """)
    }

    /// Removes the record of what a stage dropped; the table that it names stays.
    public func forgetArchive(
        by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            "delete from archives where run_id = \(.int(run.value)) and stage = \(.text(stage))")
    }
}
