/// Who holds locks on tables that DDL could not get.
public enum Blockers {
    /// One line for each session that holds a lock on one of the tables, the oldest transaction first; where asked for
    /// also those that wait for one.
    public static func describe(
        _ tables: [QualifiedName], waiting: Bool = false, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [String] {
        let names = tables.map { Array($0.quoted.utf8) }
        return try transaction.run(
            """
            select distinct on (a.xact_start, a.pid)
                   format('pid %s (%s, role %s) %s %s on %s for %s s, %s: %s', a.pid,
                          coalesce(nullif(a.application_name, ''), 'no application name'), a.usename,
                          case when l.granted then 'holds' else 'waits for' end, l.mode,
                          l.relation::regclass, round(extract(epoch from clock_timestamp() - a.xact_start)),
                          a.state, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80))
              from pg_locks l join pg_stat_activity a using (pid)
             where (l.granted or \(.bool(waiting)))
               and l.database = (select oid from pg_database where datname = current_database())
               and l.pid <> pg_backend_pid()
               and l.relation = any (array(select to_regclass(name)::oid from unnest(\(.textArray(names))) name))
             order by a.xact_start, a.pid limit 5
            """
        ).rows.compactMap { $0.text(0) }
    }

    /// How many others wait for locks on the tables; whoever stood behind us only has come through by now.
    public static func queue(
        _ tables: [QualifiedName], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String {
        let names = tables.map { Array($0.quoted.utf8) }
        let waiting = try transaction.row(
            """
            select count(distinct pid) from pg_locks
             where not granted and database = (select oid from pg_database where datname = current_database())
               and relation = any (array(select to_regclass(name)::oid from unnest(\(.textArray(names))) name))
            """
        ).int(0)
        return "\(waiting ?? 0) others wait for locks on the same tables"
    }
}
