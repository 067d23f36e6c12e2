import Postgres

/// What is particular about a table that a run works on: its kind, row security, triggers, rules, replication.
struct TableFindings {
    let use: TableUse

    private var table: QualifiedName { use.table }

    func find(_ transaction: borrowing Transaction) throws -> [PreflightFinding] {
        let found = try transaction.run(
            """
            select c.oid, c.relkind, c.relpersistence, row_security_active(c.oid), c.relforcerowsecurity,
                   quote_ident(current_user),
                   (select string_agg(i.inhrelid::regclass::text, ', ') from pg_inherits i where i.inhparent = c.oid),
                   pg_has_role(c.relowner, 'usage')
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name))
            """)
        guard let row = found.first, let oid = row.int(0) else { return [] }
        let kind = row.text(1) ?? ""
        guard ["r", "p"].contains(kind) else { return [Self.wrongKind(kind, table)] }
        var findings = nature(kind, row)
        if row.bool(3) {
            let owner = row.bool(4) ? "" : ", or run as the owner of the table"
            findings.append(
                PreflightFinding(
                    .problem, "row security on \(table) applies to this role, and would hide rows from it",
                    remedy: "a superuser can settle it: alter role \(row.text(5) ?? "") bypassrls\(owner)"))
        }
        findings += try triggers(oid, transaction) + rules(oid, transaction)
        if use.updates != nil || use.isDeletedFrom { findings += try replication(oid, transaction) }
        return findings
    }

    private static func wrongKind(_ kind: String, _ table: QualifiedName) -> PreflightFinding {
        let words = ["v": "a view", "m": "a materialized view", "f": "a foreign table"]
        return PreflightFinding(
            .problem, "\(table) is \(words[kind] ?? "no table"), and must be a table",
            remedy: "name the schema that holds the table with --schema")
    }

    private func nature(_ kind: String, _ row: Row) -> [PreflightFinding] {
        var findings: [PreflightFinding] = []
        if kind == "p" {
            findings.append(
                PreflightFinding(
                    use.isAltered ? .problem : .warning,
                    "\(table) is partitioned"
                        + (use.isAltered
                            ? ": neither an index that is built concurrently nor a foreign key that is not valid can be on it"
                            : ": its key is unique in all partitions only where the partition key is part of it"),
                    remedy: use.isAltered
                        ? "build what the pipeline's constraints stage declares by hand, partition by partition" : nil))
        } else if let children = row.text(6) {
            findings.append(
                PreflightFinding(
                    .warning,
                    "\(table) has tables that inherit from it (\(children)): their rows are read as its own, "
                        + "and no index keeps keys from being the same in both",
                    remedy: "see that no key is in two of them"))
        }
        if row.text(2) == "u", use.isWritten {
            findings.append(
                PreflightFinding(
                    .warning, "\(table) is unlogged: it is empty after a crash of the server",
                    remedy: "alter table \(table.quoted) set logged"))
        }
        return findings
    }

    /// The triggers of the application that fire at what the run writes.
    private func triggers(_ oid: Int64, _ transaction: borrowing Transaction) throws(PostgresError)
        -> [PreflightFinding]
    {
        let columns = use.updates ?? []
        let names = columns.map { Array($0.name.utf8) }
        let found = try transaction.run(
            """
            select format('trigger %I on %s fires when rows are %s (function %s%s)', t.tgname, \(.text(table.description)),
                          concat_ws(', ', case when inserted then 'inserted' end, case when updated then 'updated' end,
                                    case when deleted then 'deleted' end),
                          t.tgfoid::regproc, case when t.tgenabled = 'A' then ', always enabled' else '' end),
                   format('see that it does right by rows that are migrated; or for the time of the run: alter table %s disable trigger %I',
                          \(.text(table.quoted)), t.tgname)
              from pg_trigger t,
                   lateral (select t.tgtype & 4 <> 0 and \(.bool(use.isInsertedInto)) as inserted,
                                   t.tgtype & 8 <> 0 and \(.bool(use.isDeletedFrom)) as deleted,
                                   t.tgtype & 16 <> 0 and \(.bool(use.updates != nil))
                                   and (t.tgattr = '' or \(.bool(columns.isEmpty)) or exists (
                                            select from unnest(t.tgattr::int2[]) n
                                              join pg_attribute a on a.attrelid = t.tgrelid and a.attnum = n
                                             where a.attname = any (\(.textArray(names))))) as updated) fires
             where t.tgrelid = \(.int(oid))::oid and not t.tgisinternal and t.tgenabled in ('O', 'A')
               and (inserted or updated or deleted)
             order by t.tgname
            """)
        return found.rows.map { PreflightFinding(.warning, $0.text(0) ?? "", remedy: $0.text(1)) }
    }

    private func rules(_ oid: Int64, _ transaction: borrowing Transaction) throws(PostgresError) -> [PreflightFinding] {
        // COPY knows no rules; what is merged is inserted by a statement, which does.
        let events = [
            (use.isInsertedInto && use.isDeletedFrom, "3"), (use.updates != nil, "2"), (use.isDeletedFrom, "4"),
        ].filter(\.0).map { Array($0.1.utf8) }
        let found = try transaction.run(
            """
            select format('rule %I on %s alters what the run writes to it', r.rulename, \(.text(table.description))),
                   format('alter table %s disable rule %I', \(.text(table.quoted)), r.rulename)
              from pg_rewrite r
             where r.ev_class = \(.int(oid))::oid and r.ev_enabled in ('O', 'A')
               and r.ev_type::text = any (\(.textArray(events)))
             order by r.rulename
            """)
        return found.rows.map { PreflightFinding(.problem, $0.text(0) ?? "", remedy: $0.text(1)) }
    }

    /// A table whose updates are published must say how a row is told apart, or it cannot be updated.
    private func replication(
        _ oid: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [PreflightFinding] {
        let found = try transaction.run(
            """
            select string_agg(p.pubname, ', '),
                   c.relreplident = 'n' or (c.relreplident = 'd' and not exists (
                       select from pg_index i where i.indrelid = c.oid and i.indisprimary))
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
              join pg_publication_tables t on t.schemaname = n.nspname and t.tablename = c.relname
              join pg_publication p on p.pubname = t.pubname and (p.pubupdate or p.pubdelete)
             where c.oid = \(.int(oid))::oid group by c.oid
            """)
        guard let row = found.first, let names = row.text(0) else { return [] }
        guard row.bool(1) else {
            return [
                PreflightFinding(
                    .notice, "\(table) is published by \(names): every row that is written goes to the subscribers")
            ]
        }
        return [
            PreflightFinding(
                .problem,
                "\(table) is published by \(names) and has no replica identity, so no row of it can be updated",
                remedy: "alter table \(table.quoted) replica identity full, or give it a primary key")
        ]
    }
}
