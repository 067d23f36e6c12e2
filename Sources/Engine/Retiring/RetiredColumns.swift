import Pipelines
import Postgres

/// The columns that a retire stage drops, as the catalogue has them now.
struct RetiredColumns {
    let table: KeyedTable
    /// Those that are there, in the pipeline's order.
    let present: [Identifier]
    /// Those that are not there any more.
    let missing: [Identifier]

    /// Looks the table up; every problem with it is told at once.
    init(_ retirement: Retirement, schema: Identifier, _ transaction: borrowing Transaction) throws {
        let name = QualifiedName(schema: schema, name: retirement.table)
        table = try KeyedTable(name, key: retirement.key, transaction)
        let columns = try TableFacts(name, transaction)?.columns ?? [:]
        present = retirement.columns.filter { columns[$0] != nil }
        missing = retirement.columns.filter { columns[$0] == nil }
    }

    /// The columns that are there, and their table, for people.
    var description: String { "\(Self.list(present)) of \(table.name)" }

    static func list(_ columns: [Identifier]) -> String { columns.map(\.name).joined(separator: ", ") }

    /// Keeps everybody else from the table until the transaction ends. It must be the first thing that touches the table:
    /// a weaker lock that becomes this one later makes deadlocks with readers that write afterwards.
    static func lock(_ table: QualifiedName, _ transaction: borrowing Transaction) throws(PostgresError) {
        if Mutant.is(.upgradeTheLock) { try transaction.run("lock table \(table) in access share mode") }
        try transaction.run("lock table \(table) in access exclusive mode")
    }

    /// Drops them. What else hangs on them makes it fail.
    func drop(_ transaction: borrowing Transaction) throws {
        // Event triggers are the application's, and expect its schema.
        try transaction.working(in: [table.name.schema], lock: transaction.settings.lock) {
            _ = try transaction.run(Self.dropping(present, from: table.name))
        }
    }

    /// The statement that drops columns.
    static func dropping(_ columns: [Identifier], from table: QualifiedName) -> SQL {
        let actions = columns.map { "drop column \($0.quoted) restrict" }.joined(separator: ", ")
        return "alter table \(table) \(unsafe: actions)"
    }

    /// What the catalogue says of them, enough to make them again exactly: a JSON array, an object each. Names are
    /// qualified wherever the catalogue alone does not hold them.
    func described(_ transaction: borrowing Transaction) throws -> String {
        let names = present.map { Array($0.name.utf8) }
        return try transaction.working(in: [], lock: transaction.settings.lock) {
            try transaction.row(
                """
                select jsonb_agg(jsonb_build_object(
                           'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                           'collation', case when a.attcollation <> t.typcollation then
                               (select format('%I.%I', n.nspname, l.collname)
                                  from pg_collation l join pg_namespace n on n.oid = l.collnamespace
                                 where l.oid = a.attcollation) end,
                           'not_null', a.attnotnull,
                           'not_null_name', (select k.conname from pg_constraint k where k.conrelid = a.attrelid
                                                and k.contype = 'n' and k.conkey = array[a.attnum]),
                           'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
                           'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
                           'virtual', a.attgenerated = 'v',
                           'identity', nullif(a.attidentity::text, ''),
                           'comment', col_description(a.attrelid, a.attnum),
                           'storage', case a.attstorage when 'p' then 'plain' when 'e' then 'external'
                                                        when 'm' then 'main' else 'extended' end,
                           'compression', case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end,
                           'statistics', nullif(a.attstattarget, -1), 'options', a.attoptions)
                         order by a.attnum)
                  from pg_attribute a
                  join pg_type t on t.oid = a.atttypid
                  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                 where a.attrelid = \(.int(table.oid))::oid and a.attname = any (\(.textArray(names)))
                   and not a.attisdropped
                """
            ).text(0) ?? "[]"
        }
    }
}
