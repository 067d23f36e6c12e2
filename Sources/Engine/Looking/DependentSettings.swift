import Postgres

/// What belongs to indexes, constraints and statistics that go with columns and is in none of their definitions: what is said
/// of them, where and how they are kept, what they are used for.
enum DependentSettings {
    /// For each a statement, with the object that it belongs to and that object's place among those that go, by the common
    /// tables of `ColumnDependents`.
    static let statements: SQL = """
        \(indexes)
        union all
        select g.classid, g.objid, case k.contype when 'f' then 6 when 'c' then 5 else 4 end, 1,
               format('comment on constraint %I on %I.%I is %L', k.conname, n.nspname, c.relname,
                      obj_description(k.oid, 'pg_constraint'))
          from going g join pg_constraint k on k.oid = g.objid join pg_class c on c.oid = k.conrelid
          join pg_namespace n on n.oid = c.relnamespace
         where g.classid = 'pg_constraint'::regclass and k.contype <> 'n'
           and obj_description(k.oid, 'pg_constraint') is not null
        union all
        select g.classid, g.objid, 7, said.step, said.definition
          from going g join pg_statistic_ext s on s.oid = g.objid join pg_namespace n on n.oid = s.stxnamespace,
               lateral (values
                   (1, format('comment on statistics %I.%I is %L', n.nspname, s.stxname,
                              obj_description(s.oid, 'pg_statistic_ext')),
                    obj_description(s.oid, 'pg_statistic_ext') is not null),
                   (2, format('alter statistics %I.%I set statistics %s', n.nspname, s.stxname, s.stxstattarget),
                    s.stxstattarget >= 0)
               ) as said (step, definition, holds)
         where g.classid = 'pg_statistic_ext'::regclass and said.holds
        """

    /// An index that a constraint has made belongs to the constraint, whose definition says less of it than an index's own. That
    /// it is the table's replica identity can be said only when its columns take no nulls, so it is said here.
    private static let indexes: SQL = """
        select o.classid, o.objid, o.place, said.step, said.definition
          from going g join pg_class c on c.oid = g.objid and c.relkind in ('i', 'I')
          join pg_namespace n on n.oid = c.relnamespace join pg_index x on x.indexrelid = c.oid
          join pg_class t on t.oid = x.indrelid left join pg_tablespace s on s.oid = c.reltablespace
          left join pg_constraint k on k.conindid = c.oid and k.contype in ('p', 'u', 'x'),
               lateral (select case when k.oid is null then 'pg_class'::regclass::oid else 'pg_constraint'::regclass::oid end,
                               coalesce(k.oid, c.oid),
                               case when k.oid is not null then 4 when c.relkind = 'I' then 3 else 2 end
                       ) as o (classid, objid, place),
               lateral (
                   select 1, format('comment on index %I.%I is %L', n.nspname, c.relname, obj_description(c.oid, 'pg_class'))
                    where obj_description(c.oid, 'pg_class') is not null
                   union all
                   select 2, format('alter index %I.%I set tablespace %I', n.nspname, c.relname, s.spcname)
                    where k.oid is not null and s.oid is not null
                   union all
                   select 3, format('alter index %I.%I set (%s)', n.nspname, c.relname, array_to_string(c.reloptions, ', '))
                    where k.oid is not null and c.reloptions is not null
                   union all
                   select 4, format('alter index %I.%I alter column %s set statistics %s', n.nspname, c.relname, a.attnum,
                                    a.attstattarget)
                     from pg_attribute a
                    where a.attrelid = c.oid and a.attstattarget >= 0 and x.indkey[a.attnum - 1] = 0
                   union all
                   select 5, format('alter table %I.%I cluster on %I', n.nspname, t.relname, c.relname)
                    where x.indisclustered
                   union all
                   select 6, format('alter table %I.%I replica identity using index %I', n.nspname, t.relname, c.relname)
                    where x.indisreplident
               ) as said (step, definition)
         where g.classid = 'pg_class'::regclass
        """

    /// Whether a statement is one of these, and no definition.
    static func contain(_ statement: String) -> Bool {
        let beginnings = ["comment on ", "alter index ", "alter statistics "]
        if beginnings.contains(where: { statement.hasPrefix($0) }) { return true }
        var names = NameScanner(statement[...])
        guard names.skip("alter table "), names.qualified() != nil else { return false }
        return names.skip(" cluster on ") || names.skip(" replica identity ")
    }
}
