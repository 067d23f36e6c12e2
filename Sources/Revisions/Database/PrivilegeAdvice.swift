import Postgres

/// What settles a refusal for want of a right: which owner, or which GRANT.
struct PrivilegeAdvice {
    let site: RevisionSite
    let statement: SQLStatement?

    /// One sentence; nil when nothing can be found out.
    func next(_ error: PostgresError, _ connection: Connection) -> String? {
        guard let message = error.serverError?.message else { return nil }
        return try? connection.transaction(site.looking) { transaction in
            let role = try transaction.row("select quote_ident(current_user)").text(0) ?? ""
            if let found = message.wholeMatch(of: #/permission denied for schema (.+)/#) {
                let name = try transaction.row("select quote_ident(\(.text(String(found.1))))").text(0) ?? ""
                return "let the schema's owner say: GRANT USAGE, CREATE ON SCHEMA \(name) TO \(role);"
            }
            if message.hasPrefix("permission denied for database") {
                let name = try transaction.row("select quote_ident(current_database())").text(0) ?? ""
                return "let the database's owner say: GRANT CREATE ON DATABASE \(name) TO \(role);"
            }
            guard let statement else {
                return "let the owner of schema \(site.ledgerSchema.quoted) say: "
                    + "GRANT USAGE, CREATE ON SCHEMA \(site.ledgerSchema.quoted) TO \(role); "
                    + "GRANT ALL ON ALL TABLES IN SCHEMA \(site.ledgerSchema.quoted) TO \(role);"
            }
            let owners = try owners(statement, transaction)
            guard let first = owners.first else { return nil }
            let tables = owners.map(\.table).joined(separator: ", ")
            if message.hasPrefix("must be owner") {
                return
                    "the owner of \(first.table) is \(first.owner): work as that role, or let it, or a superuser, say: "
                    + "GRANT \(first.owner) TO \(role);"
            }
            return "let \(first.owner) say: GRANT ALL ON \(tables) TO \(role);"
        }
    }

    /// The relations of others that the statement names.
    private func owners(
        _ statement: SQLStatement, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(table: String, owner: String)] {
        let tables = try MentionedTables(statement).found(in: site.schema, transaction)
        let names = tables.map { Array($0.quoted.utf8) }
        return try transaction.run(
            """
            select format('%I.%I', n.nspname, c.relname), quote_ident(pg_get_userbyid(c.relowner))
              from unnest(\(.textArray(names))) name join pg_class c on c.oid = to_regclass(name)
                   join pg_namespace n on n.oid = c.relnamespace
             where not pg_has_role(c.relowner, 'usage') order by 1
            """
        ).rows.map { ($0.text(0) ?? "", $0.text(1) ?? "") }
    }
}
