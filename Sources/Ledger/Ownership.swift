public import Postgres

extension Ledger {
    /// Whose a ledger may be: whoever owns a table can put code on it at any time, which then runs with the rights of
    /// whoever writes to it.
    public enum Trust: Sendable, Equatable {
        /// Anybody's. It is enough for whoever only reads: that runs no code of anybody's.
        case anybody
        /// A superuser's, the database owner's, our own role's; that of roles which ours is a member of; and that of the
        /// owners of these tables, which are trusted with the data that the ledger speaks of. Whoever is a member of a
        /// trusted role can do as much as that role, so he is trusted, too.
        case owners(of: [QualifiedName])
    }

    /// A role that the ledger, or a part of it, belongs to, and that is not trusted.
    public struct Stranger: Sendable, Equatable {
        /// What belongs to the role.
        public let what: String
        /// The role, as it stands in SQL.
        public let role: String
        /// The role that we work as, as it stands in SQL.
        public let user: String
    }

    /// The same ledger for whoever only reads.
    public var forReading: Ledger {
        var ledger = self
        ledger.trust = .anybody
        return ledger
    }

    /// Says what of the ledger, beginning with its schema, belongs to a role that is not trusted; nil where nothing does.
    func stranger(_ transaction: borrowing Transaction) throws(PostgresError) -> Stranger? {
        guard case .owners(let tables) = trust else { return nil }
        let schemas = tables.map { Array($0.schema.name.utf8) }
        let names = tables.map { Array($0.name.name.utf8) }
        // To the server a superuser is a member of every role: what he is by GRANT is looked up.
        return try transaction.run(
            """
            with recursive own (oid) as (
                select oid from pg_roles where rolname = current_user
                union
                select m.roleid from own join pg_auth_members m on m.member = own.oid),
            trusted (oid) as (
                select oid from pg_roles where rolname = current_user
                union
                select datdba from pg_database where datname = current_database()
                union
                select c.relowner
                  from unnest(\(.textArray(schemas)), \(.textArray(names))) t (schema, name)
                  join pg_namespace n on n.nspname = t.schema
                  join pg_class c on c.relnamespace = n.oid and c.relname = t.name)
            select found.what, quote_ident(r.rolname), quote_ident(current_user)
              from (select 1 as place, format('schema %I', nspname) as what, nspowner as owner
                      from pg_namespace where nspname = \(.text(schema.name))
                    union all
                    select 2, format('table %I.%I', n.nspname, c.relname), c.relowner
                      from pg_class c join pg_namespace n on n.oid = c.relnamespace
                     where n.nspname = \(.text(schema.name)) and c.relkind in ('r', 'p', 'v', 'm', 'f')
                       and (c.relname in \(Self.tables) or c.relname like 'archive\\_%')
                   ) found join pg_roles r on r.oid = found.owner
             where not r.rolsuper and r.rolname <> 'pg_database_owner' and r.oid not in (select oid from own)
               and not exists (select from trusted where pg_has_role(r.oid, trusted.oid, 'member'))
             order by place, what limit 1
            """
        ).first.map { Stranger(what: $0.text(0) ?? "", role: $0.text(1) ?? "", user: $0.text(2) ?? "") }
    }
}
