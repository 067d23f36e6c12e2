import Postgres

/// Something that a role must be allowed.
enum PrivilegeNeed: Hashable {
    /// What can be done with a table.
    enum Act: String, CaseIterable, Comparable {
        case select, insert, update, delete, references

        static func < (one: Act, other: Act) -> Bool {
            (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
        }
    }

    case act(Act, QualifiedName)
    /// Writing one column of rows that are there.
    case updateColumn(Identifier, QualifiedName)
    /// What only a table's owner may do.
    case own(QualifiedName)
    case useSchema(Identifier)
    case createIn(Identifier)
    case createSchema
    case temporaryTables
    /// Reading and writing every table of the ledger but its audit.
    case writeAll(Identifier)
    /// Reading the ledger's audit and adding to it.
    case addToAudit(Identifier)
}

/// What the role is not allowed and needs.
enum Privileges {
    /// The statements that allow it, each once, in an order in which they can be run. What is not there yet needs
    /// nothing: whoever makes it owns it.
    static func missing(
        _ needs: Set<PrivilegeNeed>, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [String] {
        var grants: [Grant] = []
        var acts: [QualifiedName: [PrivilegeNeed.Act]] = [:]
        let me = try transaction.row("select quote_ident(current_user)").text(0) ?? ""
        var owned: Set<QualifiedName> = []
        for case .own(let table) in needs {
            guard let owner = try owner(of: table, transaction) else { continue }
            grants.append(.ownership(owner, of: table, to: me))
            owned.insert(table)
        }
        for need in needs {
            switch need {
            // Who may alter a table may do everything else with it, too.
            case .act(_, let table) where owned.contains(table): continue
            case .updateColumn(_, let table) where owned.contains(table): continue
            case .act(let act, let table):
                if try lacks(act, on: table, transaction) { acts[table, default: []].append(act) }
            case .updateColumn(let column, let table):
                guard try lacks(column, of: table, transaction) else { continue }
                grants.append(.update(column, of: table, to: me))
            default:
                if let grant = try general(need, to: me, transaction) { grants.append(grant) }
            }
        }
        for (table, acts) in acts { grants.append(.acts(acts, on: table, to: me)) }
        return grants.sorted().map(\.text)
    }

    private static func general(
        _ need: PrivilegeNeed, to me: String, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Grant? {
        let database = try transaction.row("select quote_ident(current_database())").text(0) ?? ""
        switch need {
        case .useSchema(let schema):
            guard try lacksInSchema("usage", schema, transaction) else { return nil }
            return .schema(.usage, schema, to: me)
        case .createIn(let schema):
            guard try lacksInSchema("create", schema, transaction) else { return nil }
            return .schema(.create, schema, to: me)
        case .createSchema:
            let may = try transaction.row("select has_database_privilege(current_database(), 'create')").bool(0)
            return may ? nil : .createSchemas(in: database, to: me)
        case .temporaryTables:
            let may = try transaction.row("select has_database_privilege(current_database(), 'temporary')").bool(0)
            return may ? nil : .temporaryTables(in: database, to: me)
        case .writeAll(let schema):
            let lacking = try ledgerTables(
                in: schema,
                where: """
                    c.relname <> 'audit'
                    and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
                             and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))
                    """, transaction)
            return lacking.map { .writing($0, to: me) }
        case .addToAudit(let schema):
            let lacking = try ledgerTables(
                in: schema,
                where: """
                    c.relname = 'audit'
                    and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert'))
                    """, transaction)
            return lacking.map { .adding($0, to: me) }
        case .act, .updateColumn, .own: return nil
        }
    }

    /// The tables of the ledger for which a condition holds, as they stand in SQL; nil when there is none.
    static func ledgerTables(
        in schema: Identifier, where condition: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        // Archives are for their owners alone.
        try transaction.row(
            """
            select string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by c.relname)
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = \(.text(schema.name)) and c.relkind = 'r' and c.relname !~ '^archive_' and \(condition)
            """
        ).text(0)
    }

    private static func lacksInSchema(
        _ privilege: String, _ schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.run(
            """
            select from pg_namespace
             where nspname = \(.text(schema.name)) and not has_schema_privilege(oid, \(.text(privilege)))
            """
        ).count > 0
    }

    private static func lacks(
        _ act: PrivilegeNeed.Act, on table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try any(table, where: "not has_table_privilege(c.oid, \(.text(act.rawValue)))", transaction) != nil
    }

    private static func lacks(
        _ column: Identifier, of table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try any(
            table,
            where: """
                not has_table_privilege(c.oid, 'update')
                and exists (select from pg_attribute a where a.attrelid = c.oid and not a.attisdropped
                               and a.attname = \(.text(column.name))
                               and not has_column_privilege(c.oid, a.attnum, 'update'))
                """, transaction) != nil
    }

    /// The owner of a table, quoted, where the role is not him and has not his rights.
    private static func owner(
        of table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        try any(table, where: "not pg_has_role(c.relowner, 'usage')", transaction)
    }

    /// The quoted owner of a table for which a condition holds.
    private static func any(
        _ table: QualifiedName, where condition: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        try transaction.run(
            """
            select quote_ident(pg_get_userbyid(c.relowner))
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name))
               and c.relkind in ('r', 'p') and \(condition)
            """
        ).first?.text(0)
    }
}
