import Postgres

/// What is to be known about the server, whatever the pipeline.
struct ServerFindings {
    let limits: BatchLimits
    /// Whether DDL is to be done.
    let hasDDL: Bool

    func find(_ connection: Connection, _ transaction: borrowing Transaction) throws -> [PreflightFinding] {
        var findings: [PreflightFinding] = []
        if connection.isPooled { findings.append(Self.pooler) } else { findings += try room(transaction) }
        let encoding = try transaction.row("select current_setting('server_encoding')").text(0) ?? ""
        if !["UTF8", "SQL_ASCII"].contains(encoding) {
            findings.append(
                PreflightFinding(
                    .notice,
                    "the database's encoding is \(encoding): documents with characters that it lacks become rejects"))
        }
        findings += try SettingFindings.find(transaction)
        if hasDDL { findings += try eventTriggers(transaction) }
        return findings + [try disk(transaction)]
    }

    /// Where new tables go. How much is free there no role can ask for.
    private func disk(_ transaction: borrowing Transaction) throws(PostgresError) -> PreflightFinding {
        let row = try transaction.row(
            """
            select format('new tables go to tablespace %s; the database has %s now', t.spcname,
                          pg_size_pretty(pg_database_size(d.oid)))
              from pg_database d join pg_tablespace t on t.oid = coalesce(
                       (select oid from pg_tablespace where spcname = current_setting('default_tablespace')),
                       d.dattablespace)
             where d.datname = current_database()
            """)
        return PreflightFinding(
            .notice, row.text(0) ?? "", remedy: "compare what etl plan reckons with what is free on the server, by df")
    }

    /// What can be told of it: it gave a transaction, so it does not pool statements.
    static let pooler = PreflightFinding(
        .notice,
        "a pooler stands between etl and the server; it lets transactions through, so it pools sessions or transactions, "
            + "and which of the two cannot be told: both work, except for indexes on tables in use",
        remedy: "connect directly where an index must be built concurrently, which is said then")

    /// The sessions that can still be opened.
    private func room(_ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        let row = try transaction.row(
            """
            -- What kind of session another role's is only some may know.
            with clients as (select datid, usesysid from pg_stat_activity
                              where usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend')
            select least(current_setting('max_connections')::int
                           - case when r.rolsuper then 0 else current_setting('superuser_reserved_connections')::int end
                           - (select count(*) from clients),
                         case when r.rolconnlimit >= 0 and not r.rolsuper
                              then r.rolconnlimit - (select count(*) from clients where usesysid = r.oid) end,
                         case when d.datconnlimit >= 0 and not r.rolsuper
                              then d.datconnlimit - (select count(*) from clients where datid = d.oid) end) + 1
              from pg_roles r, pg_database d where r.rolname = session_user and d.datname = current_database()
            """)
        // Ours ends before a run begins.
        let left = Int(row.int(0) ?? 0)
        // The workers, the one who leads them, and one that builds an index.
        let needed = limits.workers + 2
        guard left < needed else { return [] }
        return [
            PreflightFinding(
                left < 3 ? .problem : .warning,
                "\(max(0, left)) more sessions are allowed, and a run with \(limits.workers) workers takes \(needed)",
                remedy: left < 3
                    ? "end some sessions, or allow more (max_connections, or connection limit of the role or database)"
                    : "run it with --workers \(left - 2), or end some sessions")
        ]
    }

    private func eventTriggers(_ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        try transaction.run(
            """
            select format('event trigger %I (%s, function %s) fires at DDL of the run', evtname, evtevent, evtfoid::regproc),
                   format('see that it lets the DDL pass; or for the time of the run: alter event trigger %I disable', evtname)
              from pg_event_trigger where evtenabled in ('O', 'A') and evtevent <> 'login' order by evtname
            """
        ).rows.map { PreflightFinding(.warning, $0.text(0) ?? "", remedy: $0.text(1)) }
    }
}
