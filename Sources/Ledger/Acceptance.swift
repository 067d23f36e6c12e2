public import Postgres

/// The stages whose rejects and unmapped keys a drop answers for: all of its own run, and those of other runs whose work
/// its proof verifies.
public struct DropScope: Sendable {
    /// The run that drops.
    public let run: RunID
    /// Stages of other runs.
    public let elsewhere: [(run: RunID, stage: String)]

    /// The stages of a run, and some of others.
    public init(run: RunID, elsewhere: [(run: RunID, stage: String)]) {
        self.run = run
        self.elsewhere = elsewhere
    }

    /// The condition that picks the rows of these stages.
    var rows: SQL {
        let others = elsewhere.map { other -> SQL in
            "run_id = \(.int(other.run.value)) and stage = \(.text(other.stage))"
        }
        return "(\(SQL.joined(["run_id = \(.int(run.value))"] + others, separator: " or ")))"
    }
}

/// A reject that an operator accepts to lose.
public struct AcceptedReject: Sendable, Equatable {
    /// The pipeline.
    public let pipeline: String
    /// The stage.
    public let stage: String
    /// The row's key: its text, or where it is composite a JSON array.
    public let key: String
    /// Why it was rejected, in one word.
    public let code: String
    /// Why, for people.
    public let message: String
}

extension Ledger {
    /// How many rejects are open, by pipeline and code, the most frequent first.
    public func openRejects(
        in scope: DropScope, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(pipeline: String, code: String, count: Int64)] {
        try transaction.run(
            """
            select pipeline, code, count(*) from rejects join runs on runs.id = run_id
             where \(scope.rows) and rejects.state = 'open' group by pipeline, code order by count(*) desc, 1, 2
            """
        ).rows.map { ($0.text(0) ?? "", $0.text(1) ?? "", $0.int(2) ?? 0) }
    }

    /// How many rejects are accepted.
    public func acceptedRejectCount(
        in scope: DropScope, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Int64 {
        try transaction.row("select count(*) from rejects where \(scope.rows) and state = 'accepted'").int(0) ?? 0
    }

    /// The accepted rejects in the order in which they were recorded, the first `limit` of them.
    public func acceptedRejects(
        in scope: DropScope, limit: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [AcceptedReject] {
        try transaction.run(
            """
            select pipeline, stage, \(Self.keyText), code, message from rejects join runs on runs.id = run_id
             where \(scope.rows) and rejects.state = 'accepted' order by rejects.id limit \(.int(limit))
            """
        ).rows.map { row in
            AcceptedReject(
                pipeline: row.text(0) ?? "", stage: row.text(1) ?? "", key: row.text(2) ?? "",
                code: row.text(3) ?? "", message: row.text(4) ?? "")
        }
    }

    /// Accepts the open rejects if there are as many as the operator said, each with an entry in the audit; returns
    /// whether that was so.
    public func acceptRejects(
        _ count: Int64, in scope: DropScope, by actor: Actor, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        // Locked, so that the very rejects that are counted are accepted.
        let open = try transaction.run(
            "select id from rejects where \(scope.rows) and state = 'open' for update"
        ).rows.compactMap { $0.int(0) }
        guard open.count == count else { return false }
        try transaction.run(
            """
            with accepted as (
                update rejects set state = 'accepted' where id = any (\(.intArray(open)))
                returning id, run_id, format('stage %s, key %s, code %s', stage, \(Self.keyText), code) as detail)
            insert into audit (run_id, pipeline, act, detail, host, os_user, os_pid, program)
            select run_id, pipeline, \(.text(Act.acceptReject.rawValue)), detail, \(actor.values)
              from accepted join runs on runs.id = run_id order by accepted.id
            """)
        return true
    }

    private static let keyText = SQL("case jsonb_typeof(key) when 'string' then key #>> '{}' else key::text end")
}

extension Ledger {
    /// The unmapped keys by name, as bytes, and in how many documents each was met; the most frequent first.
    public func unmapped(
        in scope: DropScope, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(name: [UInt8], count: Int64)] {
        try transaction.run(
            "select name, sum(count) from unmapped where \(scope.rows) group by name order by sum(count) desc, name"
        ).rows.map { ($0.bytes(0) ?? [], $0.int(1) ?? 0) }
    }

    /// The names of all keys that were met unmapped in any run on a schema.
    public func everUnmapped(
        on schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Set<[UInt8]> {
        let found = try transaction.run(
            """
            select distinct name from unmapped join runs on runs.id = run_id
             where source_schema = \(.text(schema.name))
            """)
        return Set(found.rows.compactMap { $0.bytes(0) })
    }

    /// The unmapped keys that were accepted for the drops of a run.
    public func acceptedKeys(
        of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Set<[UInt8]> {
        let found = try transaction.run("select name from accepted_keys where run_id = \(.int(run.value))")
        return Set(found.rows.compactMap { $0.bytes(0) })
    }

    /// Accepts unmapped keys for the drops of a run, each with an entry in the audit.
    public func acceptKeys(
        _ names: [[UInt8]], of run: RunID, pipeline: String, by actor: Actor, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.run(
            """
            with accepted as (
                insert into accepted_keys (run_id, name)
                select \(.int(run.value)), name from unnest(\(.textArray(names))) name
                on conflict do nothing returning name)
            insert into audit (run_id, pipeline, act, detail, host, os_user, os_pid, program)
            select \(.int(run.value)), \(.text(pipeline)), \(.text(Act.acceptKey.rawValue)), 'key ' || name,
                   \(actor.values)
              from accepted order by name
            """)
    }
}
