import Postgres

extension Ledger {
    /// The names that tables of a ledger have, archives aside.
    static let tables: SQL = """
        ('ledger', 'runs', 'stages', 'workers', 'chunks', 'rejects', 'unmapped', 'found_rows', 'accepted_keys', 'archives',
         'audit', 'version')
        """

    /// Says what of the ledger's tables would run somebody's code, or hide rows, when they are read and written: the ledger
    /// itself has nothing of the kind. Who may make a schema could lay out such tables before a role that may do more
    /// comes by. Nil when there is nothing.
    func tampering(_ transaction: borrowing Transaction) throws(PostgresError) -> String? {
        // What a server has from its beginning is below 16384, and no dependency on it is recorded.
        try transaction.run(
            """
            select format('%s of %I.%I', found.what, n.nspname, c.relname)
              from pg_class c join pg_namespace n on n.oid = c.relnamespace,
                   lateral (
                       select format('trigger %I', t.tgname) as what from pg_trigger t
                        where t.tgrelid = c.oid and not t.tgisinternal
                       union all
                       select format('rule %I', r.rulename) from pg_rewrite r where r.ev_class = c.oid
                       union all
                       select 'row security' where c.relrowsecurity
                       union all
                       select format('type of column %I', a.attname) from pg_attribute a
                        where a.attrelid = c.oid and a.atttypid >= 16384
                       union all
                       select format('function or operator %s in a default, check or index', d.refobjid)
                         from pg_depend d
                        where d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass) and d.refobjid >= 16384
                          and (d.classid, d.objid) in (
                                  select 'pg_attrdef'::regclass, oid from pg_attrdef where adrelid = c.oid
                                  union all
                                  select 'pg_constraint'::regclass, oid from pg_constraint where conrelid = c.oid
                                  union all
                                  select 'pg_class'::regclass, indexrelid from pg_index where indrelid = c.oid)
                   ) found
             where n.nspname = \(.text(schema.name)) and c.relkind in ('r', 'p', 'v', 'm', 'f')
               and c.relname in \(Self.tables)
             order by 1 limit 1
            """
        ).first?.text(0)
    }
}
