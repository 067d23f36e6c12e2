import Postgres

/// What depends on columns, told as the server would decide it when they are dropped, without dropping them.
enum ColumnDependents {
    /// Something that goes with the columns.
    struct Going {
        /// What it is, for people.
        let what: String
        /// The statement that makes it again.
        let definition: String
        /// The statements that give it what its definition does not say, to be run behind it.
        var settings: [String] = []

        /// All of it.
        var statements: [String] { [definition] + settings }
    }

    /// What a DROP COLUMN … RESTRICT of all the columns at once would be refused for, and what would go without a word, each
    /// with the statement that makes it again, in the order in which that works.
    ///
    /// A generated column made of them always blocks: PostgreSQL 14 would drop it silently. Functions whose bodies are
    /// strings are not in it, because PostgreSQL does not know what they read.
    static func find(
        _ table: QualifiedName, _ columns: [Identifier], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (blocking: [String], going: [Going]) {
        let found = try transaction.run(
            """
            \(closure(of: table, columns))
            select 0 as place, i.identity, 0 as step, i.type || ' ' || i.identity, null
              from blocked b, pg_identify_object(b.classid, b.objid, b.objsubid) i
             where b.is_told and (b.classid, b.objid, b.objsubid) not in (select * from going) and \(isWhole("b"))
            union
            select 0, o.identity, 0, o.obstacle, null from (\(obstacles(table, columns))) o
            union all
            select d.place, i.identity, 0, i.type || ' ' || i.identity, d.definition
              from (\(definitions)) d, pg_identify_object(d.classid, d.objid, d.objsubid) i
            union all
            select s.place, i.identity, s.step, null, s.definition
              from (\(DependentSettings.statements)) s, pg_identify_object(s.classid, s.objid, 0) i
            union all
            \(alone)
            order by 1, 2, 3, 4
            """)
        var blocking: [String] = []
        var going: [Going] = []
        for row in found.rows {
            switch (row.text(3), row.text(4)) {
            case (let what?, let definition?): going.append(Going(what: what, definition: definition))
            case (let what?, nil): blocking.append(what)
            case (nil, let setting?):
                if let last = going.indices.last { going[last].settings.append(setting) }
            case (nil, nil): break
            }
        }
        return (blocking, going)
    }

    /// Common tables: `dropped`, the columns and what inherits them; `going`, what goes with them; `blocked`, what
    /// depends on either and would have to be dropped by name.
    private static func closure(of table: QualifiedName, _ columns: [Identifier]) -> SQL {
        """
        with recursive family as (
            select c.oid as oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name))
            union
            select i.inhrelid from family f join pg_inherits i on i.inhparent = f.oid),
        dropped as (
            select 'pg_class'::regclass::oid as classid, a.attrelid as objid, a.attnum::int as objsubid
              from family f join pg_attribute a on a.attrelid = f.oid join pg_class c on c.oid = f.oid
              join pg_namespace n on n.oid = c.relnamespace
             where a.attname = any (\(.textArray(columns.map { Array($0.name.utf8) }))) and a.attnum > 0
               and ((n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name)))
                    or (a.attinhcount = 1 and not a.attislocal))),
        edges as (
            select classid, objid, objsubid, refclassid, refobjid, refobjsubid,
                   case when deptype = 'n' or (classid = 'pg_class'::regclass and objsubid > 0
                                               and exists (select from pg_attribute a where a.attrelid = objid
                                                              and a.attnum = objsubid and a.attgenerated <> ''))
                        then 'blocks' else 'goes' end as kind
              from pg_depend where deptype in ('n', 'a', 'i', 'P', 'S')
            union all
            -- What has lost a part goes whole: a view with its rule, a constraint with its index.
            select refclassid, refobjid, refobjsubid, classid, objid, objsubid, 'whole'
              from pg_depend where deptype = 'i' and (classid, objid) <> (refclassid, refobjid)),
        going as (
            select * from dropped
            union
            select e.classid, e.objid, e.objsubid
              from going g join edges e on \(dependsOn("g")) where e.kind <> 'blocks'),
        blocked as (
            select e.classid, e.objid, e.objsubid, true as is_told
              from going g join edges e on \(dependsOn("g")) where e.kind = 'blocks'
            union
            select e.classid, e.objid, e.objsubid, e.kind <> 'goes'
              from blocked b join edges e on \(dependsOn("b")))
        """
    }

    private static func dependsOn(_ alias: String) -> SQL {
        SQL(
            unsafe: """
                e.refclassid = \(alias).classid and e.refobjid = \(alias).objid
                   and (\(alias).objsubid = 0 or e.refobjsubid = \(alias).objsubid)
                """)
    }

    /// Whether an object is no part of another, which is told instead.
    private static func isWhole(_ alias: String) -> SQL {
        SQL(
            unsafe: """
                not exists (select from pg_depend p where p.classid = \(alias).classid and p.objid = \(alias).objid
                               and p.objsubid = \(alias).objsubid and p.deptype = 'i'
                               and (p.classid, p.objid) <> (p.refclassid, p.refobjid))
                """)
    }

    /// What keeps a column by the table's own nature.
    private static func obstacles(_ table: QualifiedName, _ columns: [Identifier]) -> SQL {
        """
        select f.identity, format('%s: %s', why, f.identity) as obstacle
          from dropped d join pg_attribute a on a.attrelid = d.objid and a.attnum = d.objsubid
          join pg_class c on c.oid = d.objid join pg_namespace n on n.oid = c.relnamespace,
               pg_identify_object(d.classid, d.objid, d.objsubid) f,
               lateral (values
                   ('column that is inherited, and is dropped from the parent table only',
                    a.attinhcount > 0 and n.nspname = \(.text(table.schema.name))
                    and c.relname = \(.text(table.name.name))),
                   ('column of a table that was made of a type, and is dropped from the type only', c.reloftype <> 0),
                   ('column of the partition key', exists (select from pg_depend p where p.classid = d.classid
                       and p.objid = d.objid and p.objsubid = d.objsubid and p.deptype = 'i'
                       and (p.refclassid, p.refobjid) = (d.classid, d.objid)))
               ) as reasons (why, holds)
         where holds
        """
    }

    /// An index says where it is kept. Keys before foreign keys, or they could not be made again in this order; the indexes of partitions before that of
    /// their table, which takes them for its own then. That a column takes no null is a constraint, too, to servers from 18 on;
    /// here it is the column's.
    private static let definitions: SQL = """
        select g.*, case c.relkind when 'I' then 3 else 2 end as place,
               case when s.oid is null then d.definition
                    else left(d.definition, length(d.definition) - length(d.predicate))
                         || format(' TABLESPACE %I', s.spcname) || d.predicate end as definition
          from going g join pg_class c on c.oid = g.objid and c.relkind in ('i', 'I')
          join pg_index x on x.indexrelid = c.oid left join pg_tablespace s on s.oid = c.reltablespace,
               lateral (select case c.relkind when 'I' then regexp_replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ')
                                    else pg_get_indexdef(c.oid) end as definition,
                               coalesce(' WHERE ' || pg_get_expr(x.indpred, x.indrelid), '') as predicate) d
         where g.classid = 'pg_class'::regclass and \(isWhole("g"))
        union all
        select g.*, case k.contype when 'f' then 6 when 'c' then 5 else 4 end,
               format('alter table %I.%I add constraint %I %s', n.nspname, c.relname, k.conname,
                      pg_get_constraintdef(k.oid))
          from going g join pg_constraint k on k.oid = g.objid join pg_class c on c.oid = k.conrelid
          join pg_namespace n on n.oid = c.relnamespace
         where g.classid = 'pg_constraint'::regclass and k.contype <> 'n' and \(isWhole("g"))
        union all
        select g.*, 7, pg_get_statisticsobjdef(g.objid) from going g where g.classid = 'pg_statistic_ext'::regclass
        union all
        select g.*, 1, format('create sequence %I.%I as %s increment %s minvalue %s maxvalue %s start %s cache %s%s',
                              n.nspname, c.relname, format_type(q.seqtypid, null), q.seqincrement, q.seqmin, q.seqmax,
                              q.seqstart, q.seqcache, case when q.seqcycle then ' cycle' else '' end)
          from going g join pg_sequence q on q.seqrelid = g.objid join pg_class c on c.oid = g.objid
          join pg_namespace n on n.oid = c.relnamespace
         where g.classid = 'pg_class'::regclass and \(isWhole("g"))
        """

    /// What is granted on the columns, and what is said of the names that refusals of nulls have on servers from 18 on.
    private static let alone: SQL = """
        select 0, i.identity, 0, 'comment on ' || i.identity,
               format('comment on constraint %I on %I.%I is %L', k.conname, n.nspname, c.relname,
                      obj_description(k.oid, 'pg_constraint'))
          from going g join pg_constraint k on k.oid = g.objid join pg_class c on c.oid = k.conrelid
          join pg_namespace n on n.oid = c.relnamespace, pg_identify_object(g.classid, g.objid, 0) i
         where g.classid = 'pg_constraint'::regclass and k.contype = 'n'
           and obj_description(k.oid, 'pg_constraint') is not null
        union all
        select 8, i.identity, 0, 'grant on ' || i.identity,
               format('grant %s (%I) on %I.%I to %s%s', lower(acl.privilege_type), a.attname, n.nspname, c.relname,
                      case when acl.grantee = 0 then 'public' else quote_ident(r.rolname) end,
                      case when acl.is_grantable then ' with grant option' else '' end)
          from dropped d join pg_attribute a on a.attrelid = d.objid and a.attnum = d.objsubid
          join pg_class c on c.oid = d.objid join pg_namespace n on n.oid = c.relnamespace,
               lateral aclexplode(a.attacl) acl left join pg_roles r on r.oid = acl.grantee,
               pg_identify_object(d.classid, d.objid, d.objsubid) i
        """
}
