import Postgres

/// One process at a time works on the revisions of a database: whoever has an advisory lock for the length of a
/// transaction. The others ask again and again instead of waiting inside SQL, where they would hold up index builds.
struct Turn {
    let site: RevisionSite
    let session: RevisionSession
    let table: VersionTable
    /// The backend whose mark is our own.
    var own: Connection.Backend?

    /// Does `work` in one transaction that has the lock, once nobody else is at work.
    func take<R>(
        _ what: String, _ work: (Connection, borrowing Transaction, VersionState) throws -> R
    ) throws -> R {
        let began = MonotonicClock.now
        var hasTold = false
        while true {
            try session.throwIfStopping(what)
            let turn = try session.perform(what) { connection in
                try connection.transaction(site.defining) { transaction -> Answer<R> in
                    guard try lock(transaction) else { return .waiting(try holder(transaction)) }
                    try site.admit(transaction)
                    try table.create(transaction)
                    let state = VersionState(records: try table.records(transaction))
                    if let busy = state.unfinished, busy.isAtWork, busy.backend != own.map({ Int64($0.pid) }) {
                        return .waiting("server process \(busy.backend ?? 0), with revision \(busy.id)")
                    }
                    return .done(try work(connection, transaction, state))
                }
            }
            switch turn {
            case .done(let value): return value
            case .waiting(let who):
                if !hasTold { site.report(.waiting(for: who)) }
                hasTold = true
                guard MonotonicClock.now - began < site.deadlines.outage else {
                    throw RevisionFailure(.anotherProcess, "another etl works on the revisions: \(who)")
                }
                _ = site.interruption.wait(seconds: 0.2)
            }
        }
    }

    private enum Answer<R> {
        case done(R)
        case waiting(String)
    }

    private func lock(_ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        try transaction.row("select pg_try_advisory_xact_lock(\(key))").bool(0)
    }

    private var key: SQL { "hashtextextended('etl revisions ' || \(.text(site.ledgerSchema.name)), 0)" }

    /// Who has the lock, as far as this role may see it.
    private func holder(_ transaction: borrowing Transaction) throws(PostgresError) -> String {
        try transaction.run(
            """
            select format('server process %s, for %s s', a.pid, round(extract(epoch from clock_timestamp() - a.xact_start)))
              from pg_locks l join pg_stat_activity a using (pid)
             where l.locktype = 'advisory' and l.granted and l.objsubid = 1
               and ((l.classid::bigint << 32) | l.objid::bigint) = \(key)
               and l.database = (select oid from pg_database where datname = current_database())
            """
        ).first?.text(0) ?? "it has just ended"
    }
}
