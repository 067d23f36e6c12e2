import Postgres

/// Settings of the role, the database or the server that would change what a run does, or seem to.
enum SettingFindings {
    static func find(_ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        // reset_val is what the session began with: in this transaction some are ours already.
        let found = try transaction.run(
            """
            select s.name, s.reset_val || case when s.unit is not null then ' ' || s.unit else '' end,
                   coalesce((select case when d.setrole = 0 then 'the database' when d.setdatabase = 0 then 'the role'
                                         else 'the role in this database' end
                               from pg_db_role_setting d, unnest(d.setconfig) c
                              where split_part(c, '=', 1) = s.name
                                and d.setrole in (0, (select oid from pg_roles where rolname = session_user))
                                and d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
                              order by d.setrole = 0, d.setdatabase = 0 limit 1), 'the server or the session')
              from pg_settings s
             where s.reset_val <> s.boot_val
               and s.name = any (\(.textArray(kinds.map { Array($0.name.utf8) }))) order by s.name
            """)
        return found.rows.compactMap { row in
            guard let kind = kinds.first(where: { $0.name == row.text(0) }) else { return nil }
            let what = "\(kind.name) is \(row.text(1) ?? "") by \(row.text(2) ?? ""): \(kind.meaning)"
            return PreflightFinding(kind.weight, what, remedy: kind.remedy)
        }
    }

    private struct Kind {
        let name: String
        let weight: PreflightFinding.Weight
        let meaning: String
        var remedy: String?
    }

    private static let overruled = "every transaction of etl says its own"

    private static let kinds = [
        Kind(name: "statement_timeout", weight: .notice, meaning: overruled + " (--statement-timeout)"),
        Kind(name: "lock_timeout", weight: .notice, meaning: overruled + " (--lock-timeout)"),
        Kind(name: "idle_in_transaction_session_timeout", weight: .notice, meaning: overruled),
        Kind(name: "transaction_timeout", weight: .notice, meaning: overruled),
        Kind(name: "default_transaction_isolation", weight: .notice, meaning: overruled),
        Kind(
            name: "idle_session_timeout", weight: .notice,
            meaning: "sessions of etl that wait for longer are ended by it, and are opened again"),
        Kind(
            name: "session_replication_role", weight: .warning,
            meaning: "neither foreign keys nor the application's triggers work in the sessions of a run",
            remedy: "alter role … reset session_replication_role, or run as another role"),
        Kind(
            name: "temp_file_limit", weight: .warning,
            meaning: "sorting the keys of a large table, or an index over it, may need larger temporary files",
            remedy: "a superuser can allow more to the role: alter role … set temp_file_limit = -1"),
        Kind(
            name: "default_tablespace", weight: .notice,
            meaning: "new tables and indexes go there"),
    ]
}
