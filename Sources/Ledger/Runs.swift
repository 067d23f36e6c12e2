public import Postgres

/// Names a run.
public struct RunID: Hashable, Sendable {
    /// The number in the ledger.
    public let value: Int64

    /// A run by its number.
    public init(_ value: Int64) {
        self.value = value
    }
}

/// How a run stands, as far as the ledger was told: a killed one still says `running`.
public enum RunState: String, Sendable {
    case running, stopped, failed, done
    /// Half of it is taken back: until the rest is, too, nothing is done for it.
    case undoing
}

/// A run as the ledger holds it.
public struct Run: Sendable {
    /// Names the run.
    public let id: RunID
    /// The pipeline's name.
    public let pipeline: String
    /// The schema whose tables it works on.
    public let sourceSchema: String
    /// How it stands.
    public let state: RunState
    /// When it was begun, as PostgreSQL prints it.
    public let startedAt: String
    /// When its last stage was done.
    public let finishedAt: String?
    /// Whether somebody asked it to stop.
    public let stopRequested: Bool
    /// The cluster that it belongs to.
    public let systemIdentifier: String?
    /// The database that it belongs to.
    public let databaseOID: Int64

    static let columns = SQL(
        unsafe: """
            id, pipeline, source_schema, state, started_at, finished_at, stop_requested_at is not null,
            system_identifier, database_oid
            """)

    init(_ row: Row) throws(PostgresError) {
        guard let id = row.int(0), let pipeline = row.text(1), let schema = row.text(2),
            let state = row.text(3).flatMap(RunState.init(rawValue:)), let startedAt = row.text(4),
            let databaseOID = row.int(8)
        else { throw .unexpectedAnswer("a run that is not whole") }
        self.id = RunID(id)
        self.pipeline = pipeline
        sourceSchema = schema
        self.state = state
        self.startedAt = startedAt
        finishedAt = row.text(5)
        stopRequested = row.bool(6)
        systemIdentifier = row.text(7)
        self.databaseOID = databaseOID
    }
}

extension Ledger {
    /// The run of a pipeline on a schema; nil when it was never begun.
    public func run(
        of pipeline: String, on sourceSchema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Run? {
        let found = try transaction.run(
            """
            select \(Run.columns) from runs
             where pipeline = \(.text(pipeline)) and source_schema = \(.text(sourceSchema.name))
            """)
        return try found.first.map(Run.init)
    }

    /// A run by its number.
    public func run(_ id: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> Run? {
        try transaction.run("select \(Run.columns) from runs where id = \(.int(id.value))").first.map(Run.init)
    }

    /// Every run, the newest first.
    public func runs(_ transaction: borrowing Transaction) throws(PostgresError) -> [Run] {
        var runs: [Run] = []
        for row in try transaction.run("select \(Run.columns) from runs order by id desc").rows {
            runs.append(try Run(row))
        }
        return runs
    }

    /// Lets no run begin or end until the transaction does.
    public func holdStarts(_ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run("lock table runs in share row exclusive mode")
    }

    /// Finds the run of a pipeline or begins it, and locks its row: starts come one after the other.
    public func lockRun(
        of pipeline: String, on sourceSchema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Run {
        let identity = try identity(transaction)
        // Asked first, because a conflict would use up a number each time.
        let isThere = try run(of: pipeline, on: sourceSchema, transaction) != nil
        if !isThere {
            try transaction.run(
                """
                insert into runs (pipeline, source_schema, state, system_identifier, database_oid)
                values (\(.text(pipeline)), \(.text(sourceSchema.name)), 'stopped', \(.text(identity.system)),
                        \(.int(identity.database))::oid)
                on conflict (pipeline, source_schema) do nothing
                """)
        }
        let row = try transaction.row(
            """
            select \(Run.columns) from runs
             where pipeline = \(.text(pipeline)) and source_schema = \(.text(sourceSchema.name)) for no key update
            """)
        return try Run(row)
    }

    /// The cluster and the database that the session is connected to, as a run records them. The cluster is nil where
    /// the role may not ask for it.
    public func identity(
        _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (system: String?, database: Int64?) {
        let row = try transaction.row(
            """
            select has_function_privilege('pg_control_system()', 'execute'), oid
              from pg_database where datname = current_database()
            """)
        guard row.bool(0) else { return (nil, row.int(1)) }
        let system = try transaction.row("select system_identifier::text from pg_control_system()").text(0)
        return (system, row.int(1))
    }

    /// Sets how a run stands. Beginning again clears a stop that was asked for; joining others does not.
    public func set(
        _ state: RunState, of run: RunID, joining: Bool = false, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update runs
               set state = \(.text(state.rawValue)),
                   finished_at = case when \(.bool(state == .done)) then clock_timestamp() end,
                   stop_requested_at = case when \(.bool(state == .running && !joining)) then null else stop_requested_at end
             where id = \(.int(run.value))
            """)
    }

    /// Asks every process that works on a run to stop in order.
    public func requestStop(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.changeOne(
            "update runs set stop_requested_at = clock_timestamp() where id = \(.int(run.value))")
    }

    /// Forgets that a stop was asked for: whoever begins now does not mean the one before.
    public func clearStopRequest(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.changeOne("update runs set stop_requested_at = null where id = \(.int(run.value))")
    }

    /// Whether a stop was asked for.
    public func stopRequested(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        try transaction.row("select stop_requested_at is not null from runs where id = \(.int(run.value))").bool(0)
    }
}
