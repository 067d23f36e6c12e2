public import Postgres

/// How the last work on a run ended, as whoever did it wrote into the audit.
public struct RunEnd: Sendable, Equatable {
    /// `finish`, `stop`, `fail` or `undone`.
    public let act: String
    /// When, as PostgreSQL prints it.
    public let at: String
    /// Why, or as far as which stage.
    public let detail: String
    /// The machine.
    public let host: String
    /// The process on it.
    public let pid: Int64
    /// The user of the process.
    public let osUser: String
}

/// The last that was heard of those who worked on a run.
public struct LastSign: Sendable, Equatable {
    /// When, as PostgreSQL prints it.
    public let at: String
    /// How many seconds ago, by the server's clock.
    public let seconds: Double
    /// Whether a worker that never said it ended came through a pooler, where only commits tell that it lives.
    public let isPooled: Bool
}

/// What was dropped from a table, and where it is kept.
public struct KeptColumns: Sendable, Equatable {
    /// The stage that dropped it.
    public let stage: String
    /// The archive in the ledger's schema; nil where none was wanted.
    public let relation: String?
    /// The table that it was dropped from.
    public let table: QualifiedName
    /// The names of the columns.
    public let columns: [String]
    /// How many rows the table had.
    public let rows: Int64
    /// When, as PostgreSQL prints it.
    public let at: String
}

extension Ledger {
    /// How the last work on a run ended; nil where none ever did in order.
    public func lastEnd(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> RunEnd? {
        try transaction.run(
            """
            select act, at, detail, host, os_pid, os_user from audit
             where run_id = \(.int(run.value)) and act in (\(.text(Act.finish.rawValue)), \(.text(Act.stop.rawValue)),
                   \(.text(Act.fail.rawValue)), \(.text(Act.undone.rawValue)))
             order by id desc limit 1
            """
        ).first.map { row in
            RunEnd(
                act: row.text(0) ?? "", at: row.text(1) ?? "", detail: row.text(2) ?? "", host: row.text(3) ?? "",
                pid: row.int(4) ?? 0, osUser: row.text(5) ?? "")
        }
    }

    /// The last that was heard of those who worked on a run; nil where nobody ever did.
    public func lastSign(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> LastSign? {
        let row = try transaction.row(
            """
            with signs as (
              select max(greatest(started_at, finished_at)) as at, bool_or(pooled and finished_at is null) as pooled
                from workers where run_id = \(.int(run.value))
              union all
              select max(greatest(claimed_at, finished_at)), false from chunks where run_id = \(.int(run.value)))
            select max(at), greatest(extract(epoch from clock_timestamp() - max(at)), 0), bool_or(pooled) from signs
            """)
        guard let at = row.text(0) else { return nil }
        return LastSign(at: at, seconds: row.double(1) ?? 0, isPooled: row.bool(2))
    }

    /// What the stages of a run have dropped, in the order of dropping.
    public func keptColumns(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> [KeptColumns]
    {
        let found = try transaction.run(
            """
            select stage, relation, source_schema, source_table, rows, archived_at, c.definition ->> 'name'
              from archives, jsonb_array_elements(columns) with ordinality as c (definition, place)
             where run_id = \(.int(run.value)) order by archived_at, stage, c.place
            """)
        var kept: [KeptColumns] = []
        for row in found.rows {
            guard let stage = row.text(0), let schema = row.text(2).flatMap(Identifier.init),
                let table = row.text(3).flatMap(Identifier.init), let column = row.text(6)
            else { throw .unexpectedAnswer("an archive that is not whole") }
            let earlier = kept.last?.stage == stage ? kept.removeLast().columns : []
            kept.append(
                KeptColumns(
                    stage: stage, relation: row.text(1), table: QualifiedName(schema: schema, name: table),
                    columns: earlier + [column], rows: row.int(4) ?? 0, at: row.text(5) ?? ""))
        }
        return kept
    }
}
