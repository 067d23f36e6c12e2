import Postgres

/// Others at work: transactions that hold up the run's DDL, and locks that its tables are under now.
struct SessionFindings {
    let tables: [QualifiedName]
    /// Seconds after which a transaction is long.
    var long: Double = 300

    func find(_ transaction: borrowing Transaction) throws -> [PreflightFinding] {
        try longTransactions(transaction) + prepared(transaction) + locks(transaction) + hidden(transaction)
    }

    /// A role sees of others that they are there, and not since when they are at what.
    private func hidden(_ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        let row = try transaction.row(
            """
            select exists (select from pg_stat_activity where usesysid is not null and backend_type is null
                              and datname = current_database()), quote_ident(current_user)
            """)
        guard row.bool(0) else { return [] }
        return [
            PreflightFinding(
                .notice, "this role may not see how long others have been in their transactions",
                remedy: "grant pg_read_all_stats to \(row.text(1) ?? "")")
        ]
    }

    private func longTransactions(_ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        try transaction.run(
            """
            select format('pid %s (%s, role %s) has been in a transaction for %s s: an index that is built concurrently waits for it',
                          pid, coalesce(nullif(application_name, ''), 'no application name'), usename,
                          round(extract(epoch from clock_timestamp() - xact_start))),
                   format('wait for it, or end it: select pg_terminate_backend(%s)', pid)
              from pg_stat_activity
             where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
               and xact_start < clock_timestamp() - make_interval(secs => \(unsafe: String(long)))
             order by xact_start limit 10
            """
        ).rows.map { PreflightFinding(.warning, $0.text(0) ?? "", remedy: $0.text(1)) }
    }

    /// A prepared transaction holds its locks until somebody ends it; no time limit ends it.
    private func prepared(_ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        let names = tables.map { Array($0.quoted.utf8) }
        let found = try transaction.run(
            """
            select format('transaction %L was prepared at %s and was neither committed nor rolled back%s', p.gid, p.prepared,
                          case when held.tables is null then '' else '; it holds locks on ' || held.tables end),
                   format('commit prepared %L, or: rollback prepared %1$L', p.gid), held.tables is not null
              from pg_prepared_xacts p,
                   -- It has no session; its lock on its own number leads to the others.
                   lateral (select string_agg(distinct l.relation::regclass::text, ', ') as tables
                              from pg_locks own join pg_locks l using (virtualtransaction)
                             where own.locktype = 'transactionid' and own.transactionid = p.transaction
                               and own.pid is null
                               and l.relation = any (array(select to_regclass(name)::oid
                                                             from unnest(\(.textArray(names))) name))) held
             where p.database = current_database() order by p.prepared
            """)
        return found.rows.map { row in
            PreflightFinding(row.bool(2) ? .problem : .warning, row.text(0) ?? "", remedy: row.text(1))
        }
    }

    private func locks(_ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        try Blockers.describe(tables, waiting: true, transaction).map {
            PreflightFinding(
                .warning, $0,
                remedy:
                    "DDL waits for it at most --lock-timeout at a time; wait for it, or end it with pg_terminate_backend"
            )
        }
    }
}
