import Postgres

/// The objects of a database by kind and name, to tell afterwards what a script made. What partitions have of their table comes
/// and goes with what that has.
enum CatalogObjects {
    /// Every object outside the server's own schemas.
    static func all(_ transaction: borrowing Transaction) throws(PostgresError) -> [String] {
        try names(where: "true", transaction)
    }

    /// Those whose entry in the catalogue this transaction wrote: what others make meanwhile is none of ours.
    static func written(_ transaction: borrowing Transaction) throws(PostgresError) -> [String] {
        try names(where: "entry = pg_current_xact_id()::xid", transaction)
    }

    private static func names(
        where condition: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [String] {
        try transaction.run(
            """
            select object from (
                select case c.relkind when 'i' then 'index' when 'I' then 'index' when 'S' then 'sequence' when 'v' then 'view'
                                      when 'm' then 'materialized view' else 'table' end
                       || format(' %I.%I', n.nspname, c.relname) as object, c.xmin as entry, n.nspname
                  from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p', 'S', 'v', 'm', 'f') or c.relkind in ('i', 'I') and not c.relispartition
                union all
                select format('column %I.%I.%I', n.nspname, c.relname, a.attname), a.xmin, n.nspname
                  from pg_attribute a join pg_class c on c.oid = a.attrelid
                  join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and a.attinhcount = 0
                union all
                select format('constraint %I on %I.%I', k.conname, n.nspname, c.relname), k.xmin, n.nspname
                  from pg_constraint k join pg_class c on c.oid = k.conrelid
                  join pg_namespace n on n.oid = c.relnamespace where k.conparentid = 0 and k.coninhcount = 0
                union all
                select format('trigger %I on %I.%I', t.tgname, n.nspname, c.relname), t.xmin, n.nspname
                  from pg_trigger t join pg_class c on c.oid = t.tgrelid
                  join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal
                union all
                select format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
                       p.xmin, n.nspname
                  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                union all
                select format('type %I.%I', n.nspname, t.typname), t.xmin, n.nspname
                  from pg_type t join pg_namespace n on n.oid = t.typnamespace
                 where t.typtype in ('e', 'd', 'r') or (t.typtype = 'c'
                       and (select relkind from pg_class where oid = t.typrelid) = 'c')
                union all
                select format('schema %I', nspname), xmin, nspname from pg_namespace) found
             where nspname not like 'pg\\_%' and nspname <> 'information_schema' and \(condition)
            """
        ).rows.compactMap { $0.text(0) }
    }
}
