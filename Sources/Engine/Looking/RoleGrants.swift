import Postgres

/// The statements that give a role what it needs, as far as what it is about is there.
struct RoleGrants {
    /// The role as it stands in SQL.
    let name: String
    let exists: Bool
    /// What is not there yet, in words.
    private(set) var later: Set<String> = []

    private let schema: Identifier
    private let ledger: Identifier
    private let database: String
    private var grants: Set<String> = []
    private var ordered: [Grant] = []
    private var acts: [QualifiedName: Set<PrivilegeNeed.Act>] = [:]
    private var owned: Set<QualifiedName> = []

    init(
        _ role: Identifier, schema: Identifier, ledger: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let row = try transaction.row(
            """
            select quote_ident(\(.text(role.name))), exists (select from pg_roles where rolname = \(.text(role.name))),
                   quote_ident(current_database())
            """)
        name = row.text(0) ?? role.quoted
        exists = row.bool(1)
        database = row.text(2) ?? ""
        self.schema = schema
        self.ledger = ledger
    }

    /// The statements, in an order in which they can be run.
    var lines: [String] {
        let acts = acts.filter { !owned.contains($0.key) }
            .map { Grant.acts(Array($0.value), on: $0.key, to: name) }
        return (ordered + acts).sorted().map(\.line)
    }

    /// Takes in more of what it needs.
    mutating func add(_ needs: Set<PrivilegeNeed>, _ transaction: borrowing Transaction) throws(PostgresError) {
        for need in needs { try add(need, transaction) }
    }

    private mutating func add(_ need: PrivilegeNeed, _ transaction: borrowing Transaction) throws(PostgresError) {
        switch need {
        case .act(let act, let table):
            if try owner(of: table, transaction) == nil {
                later.insert(table.quoted)
            } else {
                acts[table, default: []].insert(act)
            }
        case .updateColumn(let column, let table):
            if try has(column, table, transaction) {
                add(.update(column, of: table, to: name))
            } else {
                later.insert("\(column.quoted) of \(table.quoted)")
            }
        case .own(let table):
            guard let owner = try owner(of: table, transaction) else { return }
            owned.insert(table)
            if owner.name == name { return }
            add(owner.isSuperuser ? .givingAway(table, to: name) : .ownership(owner.name, of: table, to: name))
        case .useSchema(let schema): add(.schema(.usage, schema, to: name))
        case .createIn(let schema): add(.schema(.create, schema, to: name))
        case .createSchema: add(.createSchemas(in: database, to: name))
        case .temporaryTables: add(.temporaryTables(in: database, to: name))
        case .writeAll(let schema):
            if let tables = try Privileges.ledgerTables(in: schema, where: "c.relname <> 'audit'", transaction) {
                add(.writing(tables, to: name))
            } else {
                later.insert("the ledger's tables in \(schema.quoted)")
            }
        case .addToAudit(let schema):
            if let audit = try Privileges.ledgerTables(in: schema, where: "c.relname = 'audit'", transaction) {
                add(.adding(audit, to: name))
            }
        }
    }

    private mutating func add(_ grant: Grant) {
        if grants.insert(grant.text).inserted { ordered.append(grant) }
    }

    private func owner(
        of table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (name: String, isSuperuser: Bool)? {
        try transaction.run(
            """
            select quote_ident(r.rolname), r.rolsuper
              from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
             where n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name))
               and c.relkind in ('r', 'p')
            """
        ).first.map { ($0.text(0) ?? "", $0.bool(1)) }
    }

    private func has(
        _ column: Identifier, _ table: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.run(
            """
            select from pg_class c join pg_namespace n on n.oid = c.relnamespace
              join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where n.nspname = \(.text(table.schema.name)) and c.relname = \(.text(table.name.name))
               and a.attname = \(.text(column.name))
            """
        ).count > 0
    }
}
