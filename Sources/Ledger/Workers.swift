public import Postgres

/// Names a session that works on a run.
public struct WorkerID: Hashable, Sendable {
    /// The number in the ledger.
    public let value: Int64

    /// A worker by its number.
    public init(_ value: Int64) {
        self.value = value
    }
}

/// Somebody who works on a run now.
public struct WorkerRecord: Sendable, Equatable {
    /// Names the session.
    public let id: WorkerID
    /// The machine.
    public let host: String
    /// The process on it.
    public let pid: Int64
    /// The user of the process.
    public let osUser: String
    /// Its number within the process; 0 leads it.
    public let number: Int64
    /// Since when, as PostgreSQL prints it.
    public let since: String
    /// For how many seconds, by the server's clock.
    public let seconds: Double
}

extension Ledger {
    /// How long after its last commit a worker behind a pooler counts as alive.
    static let pooledLife = "interval '30 seconds'"

    /// Whether the very backend of the worker `w` lives, or behind a pooler whether its last commit is recent: what decides
    /// who may work. A session of another role shows no `backend_start`; then its name must do.
    static let workerLives = lives(
        "coalesce(extract(epoch from a.backend_start)::text = w.backend_start, a.application_name like 'etl%')")

    /// Whether a session that can be the worker `w` is to be seen: what whoever only looks goes by. Every role sees the pid
    /// and the name of every session, so the same is true for all.
    static let workerIsSeen = lives(
        """
        a.datid = (select oid from pg_database where datname = current_database()) and a.pid <> pg_backend_pid()
        and a.application_name like 'etl%'
        """)

    private static func lives(_ isItsSession: String) -> SQL {
        SQL(
            unsafe: """
                case when w.finished_at is not null then false
                     when w.pooled then greatest(w.started_at, (select max(c.finished_at) from chunks c
                            where c.run_id = w.run_id and c.claimant = w.id)) > clock_timestamp() - \(pooledLife)
                     -- Not the view: to plan that for every claim takes longer than to look.
                     else exists (select from pg_stat_get_activity(w.backend_pid) a where \(isItsSession))
                end
                """)
    }

    /// Enters a session into the ledger.
    public func addWorker(
        number: Int, to run: RunID, actor: Actor, backend: Connection.Backend, isPooled: Bool,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) -> WorkerID {
        let row = try transaction.row(
            """
            insert into workers (run_id, number, host, os_user, os_pid, program, backend_pid, backend_start, pooled)
            values (\(.int(run.value)), \(.int(Int64(number)))::int, \(.text(actor.host)), \(.text(actor.osUser)),
                    \(.int(Int64(actor.pid)))::int, \(.text(actor.program)), \(.int(Int64(backend.pid)))::int,
                    \(.text(backend.startedAt)), \(.bool(isPooled)))
            returning id
            """)
        guard let id = row.int(0) else { throw .unexpectedAnswer("a worker without a number") }
        return WorkerID(id)
    }

    /// Notes that a session ends in order.
    public func endWorker(_ worker: WorkerID, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run(
            "update workers set finished_at = clock_timestamp() where id = \(.int(worker.value))")
    }

    /// Everybody who works on a run and lives: who stands in the way of another run.
    public func livingWorkers(
        of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [WorkerRecord] {
        try workers(of: run, Self.workerLives, since: "started_at", transaction)
    }

    /// Everybody who is seen to work on a run: the same for every role, also for one that may only read.
    public func visibleWorkers(
        of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [WorkerRecord] {
        // A session that was lost begins anew; the audit knows when its process came.
        let since: SQL = """
            coalesce((select max(a.at) from audit a
                       where a.run_id = w.run_id and a.host = w.host and a.os_pid = w.os_pid
                         and a.act in (\(.text(Act.begin.rawValue)), \(.text(Act.resume.rawValue)),
                                       \(.text(Act.join.rawValue)), \(.text(Act.retry.rawValue)),
                                       \(.text(Act.verify.rawValue)), \(.text(Act.undo.rawValue)))), started_at)
            """
        return try workers(of: run, Self.workerIsSeen, since: since, transaction)
    }

    private func workers(
        of run: RunID, _ condition: SQL, since: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [WorkerRecord] {
        let found = try transaction.run(
            """
            select id, host, os_pid, os_user, number, since, greatest(extract(epoch from clock_timestamp() - since), 0)
              from (select w.*, \(since) as since from workers w
                     where run_id = \(.int(run.value)) and finished_at is null and \(condition)) present
             order by id
            """)
        return found.rows.map { row in
            WorkerRecord(
                id: WorkerID(row.int(0) ?? 0), host: row.text(1) ?? "", pid: row.int(2) ?? 0,
                osUser: row.text(3) ?? "", number: row.int(4) ?? 0, since: row.text(5) ?? "",
                seconds: row.double(6) ?? 0)
        }
    }

    /// Whether a row of the run that stands for unfinished work is locked by somebody.
    public func hasLockedWork(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        try transaction.row(
            """
            with free_chunks as (select 1 from chunks where run_id = \(.int(run.value)) and state = 'todo'
                                    for update skip locked),
                 free_stages as (select 1 from stages where run_id = \(.int(run.value)) for no key update skip locked)
            select (select count(*) from free_chunks)
                     < (select count(*) from chunks where run_id = \(.int(run.value)) and state = 'todo')
                or (select count(*) from free_stages)
                     < (select count(*) from stages where run_id = \(.int(run.value)))
            """
        ).bool(0)
    }

    /// Ends sessions of a run whose client has been silent for too long in the middle of its work: a process that is
    /// frozen while it sends rows would hold its chunk for ever, for no timeout of the server ends that. Only the very
    /// backend that the worker recorded is ended, so behind a pooler none is.
    public func endSilentSessions(
        of run: RunID, after seconds: Double, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Int64 {
        if Mutant.is(.leaveTheSilent) { return 0 }
        let isItsSession: SQL =
            Mutant.is(.endWhoeverHasThePID) ? "true" : "extract(epoch from a.backend_start)::text = w.backend_start"
        return try transaction.row(
            """
            select count(*) filter (where pg_terminate_backend(a.pid))
              from workers w
              join pg_stat_activity a on a.pid = w.backend_pid and \(isItsSession)
             where w.run_id = \(.int(run.value)) and w.finished_at is null and not w.pooled
               and a.pid <> pg_backend_pid() and a.usename in (session_user, current_user)
               and a.wait_event in ('ClientRead', 'ClientWrite') and a.state in ('active', 'idle in transaction')
               and a.state_change < clock_timestamp() - make_interval(secs => \(.int(Int64(seconds.rounded(.up))))::int)
            """
        ).int(0) ?? 0
    }
}
