public import Postgres

/// What a retire stage dropped, and where a copy of it is.
public struct ArchiveRecord: Sendable {
    /// The table of the ledger's schema that holds the copy; nil where none was wanted.
    public let relation: Identifier?
    /// The table that the columns were dropped from.
    public let table: QualifiedName
    /// The columns of its key.
    public let key: [Identifier]
    /// The columns that were dropped.
    public let columns: [Identifier]
    /// How many rows the table had.
    public let rows: Int64
    /// The sum of the rows' marks, as text, for it may exceed 64 bits.
    public let sum: String

    /// A record of what is dropped.
    public init(
        relation: Identifier?, table: QualifiedName, key: [Identifier], columns: [Identifier], rows: Int64, sum: String
    ) {
        self.relation = relation
        self.table = table
        self.key = key
        self.columns = columns
        self.rows = rows
        self.sum = sum
    }
}

extension Ledger {
    /// Records what a stage drops, in the transaction of the drop: with the columns as the catalogue described them, a JSON
    /// object each, and the statements that make again what goes with them.
    public func addArchive(
        _ archive: ArchiveRecord, described columns: String, dependents: [String], by stage: String, of run: RunID,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        try transaction.changeOne(
            """
            insert into archives (run_id, stage, relation, source_schema, source_table, key, columns, dependents, rows,
                                  seen_sum)
            values (\(.int(run.value)), \(.text(stage)), \(.text(archive.relation?.name)),
                    \(.text(archive.table.schema.name)), \(.text(archive.table.name.name)),
                    \(.textArray(archive.key.map { bytes($0.name) })), \(.text(columns))::jsonb,
                    \(.textArray(dependents.map(bytes))), \(.int(archive.rows)), \(.text(archive.sum))::numeric)
            """)
    }

    /// Whether a stage has a record of what it dropped.
    public func hasArchive(
        by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.row(
            """
            select exists (select from archives where run_id = \(.int(run.value)) and stage = \(.text(stage)))
            """
        ).bool(0)
    }

    /// The pipeline that dropped a column of a table last; nil where none did.
    public func pipeline(
        thatDropped column: Identifier, of table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        try transaction.run(
            """
            select r.pipeline from archives a join runs r on r.id = a.run_id
             where a.source_schema = \(.text(table.schema.name)) and a.source_table = \(.text(table.name.name))
               and jsonb_path_query_array(a.columns, '$[*].name') ? \(.text(column.name))
             order by a.archived_at desc limit 1
            """
        ).first?.text(0)
    }

    /// What was dropped of a table, by whichever run; in the order of dropping.
    public func archives(
        of table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [ArchiveRecord] {
        let found = try transaction.run(
            """
            select run_id, stage, relation, rows, seen_sum::text from archives
             where source_schema = \(.text(table.schema.name)) and source_table = \(.text(table.name.name))
             order by archived_at, run_id, stage
            """)
        var records: [ArchiveRecord] = []
        for row in found.rows {
            guard let run = row.int(0), let stage = row.text(1), let rows = row.int(3), let sum = row.text(4) else {
                throw .unexpectedAnswer("an archive that is not whole")
            }
            let record: SQL = "run_id = \(.int(run)) and stage = \(.text(stage))"
            func names(_ elements: SQL) throws(PostgresError) -> [Identifier] {
                try transaction.run(
                    "select name from archives, \(elements) with ordinality e (name, place) where \(record) order by place"
                ).rows.compactMap { $0.text(0).flatMap { Identifier($0) } }
            }
            records.append(
                ArchiveRecord(
                    relation: row.text(2).flatMap { Identifier($0) }, table: table, key: try names("unnest(key)"),
                    columns: try names("jsonb_array_elements_text(jsonb_path_query_array(columns, '$[*].name'))"),
                    rows: rows, sum: sum))
        }
        return records
    }
}
