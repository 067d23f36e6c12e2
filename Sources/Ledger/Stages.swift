public import Postgres

/// How a stage stands.
public enum StageState: String, Sendable {
    case pending, running, done
}

/// A stage as the ledger holds it.
public struct StageRecord: Sendable {
    /// The stage's name in the pipeline file.
    public let name: String
    /// What kind of work it is.
    public let kind: String
    /// How it stands.
    public let state: StageState
    /// Hash of its definition when it was begun.
    public let fingerprint: String?
    /// The table that it reads.
    public let sourceOID: Int64?
    /// The tables that it writes; none where it was not bound to any.
    public let targetOIDs: [Int64]
    /// Whether the target held no row when the stage was begun.
    public let targetWasEmpty: Bool
    /// Rows of the source when its chunks were planned.
    public let total: Int64?
    /// Whether it runs only when it is asked for.
    public let isOptional: Bool
    /// Why there was nothing to do, where there was nothing.
    public let skipped: String?
    /// Of a retire stage: the table that is filled beforehand with what it will drop.
    public let archive: Identifier?
    /// When it was begun, as PostgreSQL prints it.
    public let startedAt: String?
    /// When it was done.
    public let finishedAt: String?

    /// A ledger of version 1 has no second target.
    static let columns = SQL(
        unsafe: """
            name, kind, state, fingerprint, source_oid, target_oid, target_was_empty, total, started_at, finished_at,
            optional, skipped, archive, (to_jsonb(stages) ->> 'second_target_oid')::oid
            """)

    init(_ row: Row) throws(PostgresError) {
        guard let name = row.text(0), let kind = row.text(1),
            let state = row.text(2).flatMap(StageState.init(rawValue:))
        else { throw .unexpectedAnswer("a stage that is not whole") }
        self.name = name
        self.kind = kind
        self.state = state
        fingerprint = row.text(3)
        sourceOID = row.int(4)
        targetOIDs = [row.int(5), row.int(13)].compactMap(\.self)
        targetWasEmpty = row.bool(6)
        total = row.int(7)
        startedAt = row.text(8)
        finishedAt = row.text(9)
        isOptional = row.bool(10)
        skipped = row.text(11)
        archive = row.text(12).flatMap { Identifier($0) }
    }
}

extension Ledger {
    /// Adds the stages of a pipeline that the run does not have yet, as pending, and puts all in order. The run must be
    /// locked.
    ///
    /// A stage that is there and in its place is only read: `on conflict` would wait for whoever does its work now.
    public func register(
        _ stages: [(name: String, kind: String, isOptional: Bool)], of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        for (index, stage) in stages.enumerated() {
            let row: SQL = "run_id = \(.int(run.value)) and name = \(.text(stage.name))"
            let position: SQL = "\(.int(Int64(index + 1)))::int"
            try transaction.run(
                """
                insert into stages (run_id, name, kind, optional, position, state)
                select \(.int(run.value)), \(.text(stage.name)), \(.text(stage.kind)), \(.bool(stage.isOptional)),
                       \(position), 'pending'
                 where not exists (select from stages where \(row))
                """)
            try transaction.run(
                """
                update stages set position = \(position), optional = \(.bool(stage.isOptional))
                 where \(row) and (position <> \(position) or optional <> \(.bool(stage.isOptional)))
                """)
        }
    }

    /// The stages of a run, in order.
    public func stages(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> [StageRecord] {
        let found = try transaction.run(
            "select \(StageRecord.columns) from stages where run_id = \(.int(run.value)) order by position")
        var records: [StageRecord] = []
        for row in found.rows { records.append(try StageRecord(row)) }
        return records
    }

    /// Locks a stage's row; nil while another session holds it. Whoever holds it does the stage's work.
    public func lockStage(
        _ stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> StageRecord? {
        let found = try transaction.run(
            """
            select \(StageRecord.columns) from stages
             where run_id = \(.int(run.value)) and name = \(.text(stage)) for no key update skip locked
            """)
        return try found.first.map(StageRecord.init)
    }

    /// Locks a stage's row, waiting for whoever holds it: nobody does the stage anew before the transaction ends.
    public func awaitStage(
        _ stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.run(
            """
            select from stages where run_id = \(.int(run.value)) and name = \(.text(stage)) for no key update
            """)
    }

    /// Notes that a stage is begun, by this definition.
    public func beginStage(
        _ stage: String, of run: RunID, fingerprint: String, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set state = 'running', fingerprint = \(.text(fingerprint)),
                   started_at = coalesce(started_at, clock_timestamp())
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// Notes which table is filled with what a stage will drop; nil where there is none any more.
    public func noteArchive(
        _ archive: Identifier?, of stage: String, in run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set archive = \(.text(archive?.name))
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// Notes what a stage that works through a table works on, and up to two tables that it fills.
    public func bindStage(
        _ stage: String, of run: RunID, source: Int64, targets: [Int64], targetWasEmpty: Bool?, total: Int64,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set source_oid = \(.int(source))::oid, target_oid = \(.int(targets.first))::oid,
                   second_target_oid = \(.int(targets.dropFirst().first))::oid,
                   target_was_empty = \(.text(targetWasEmpty.map(String.init)))::boolean, total = \(.int(total))
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// Notes that a stage is done because there is nothing to do.
    public func skipStage(
        _ stage: String, of run: RunID, because reason: String, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set skipped = \(.text(reason)) where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
        try finishStage(stage, of: run, transaction)
    }

    /// Notes that a stage that was done or begun is to be done anew.
    public func reopenStage(
        _ stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set state = 'running', finished_at = null
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// Adds to the objects that a stage created.
    public func recordCreated(
        _ objects: [String], by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set created = created || array(
                select object from unnest(\(.textArray(objects.map { Array($0.utf8) }))) with ordinality as n (object, place)
                 where object <> all (created) order by place)
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// Notes that a stage is done, in the transaction of its last work.
    public func finishStage(
        _ stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set state = 'done', finished_at = clock_timestamp()
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }
}
