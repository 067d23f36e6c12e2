public import Postgres

/// What is done, and how far: the tables of the ledger's schema, through transactions that set it as their search path.
///
/// Nothing of it is kept in memory: every question is asked of the database, every change takes the transaction that
/// holds the work it speaks of.
public struct Ledger: Sendable {
    /// The schema that holds the tables.
    public let schema: Identifier

    /// Whose it may be.
    public var trust = Trust.owners(of: [])

    /// The version of the tables that this program reads and writes.
    public static let version: Int64 = 2

    /// What was found where the ledger should be.
    public enum Presence: Sendable, Equatable {
        /// No schema of that name, or an empty one.
        case absent
        /// A ledger of this version, or of one before it.
        case ours
        /// A ledger that a newer program made.
        case newer(Int64)
        /// A schema with objects in it that are not a ledger.
        case foreign
        /// A ledger with code of somebody's in it: what, in words.
        case tampered(String)
        /// A ledger, or an empty schema, of a role that is not trusted.
        case another(Stranger)
    }

    /// The ledger in a schema, which need not exist yet.
    public init(schema: Identifier) {
        self.schema = schema
    }

    /// Says what is there now; changes nothing.
    public func presence(_ transaction: borrowing Transaction) throws(PostgresError) -> Presence {
        let found = try transaction.row(
            """
            select exists (select from pg_depend where refclassid = 'pg_namespace'::regclass and refobjid = s.oid
                              and classid <> 'pg_default_acl'::regclass),
                   exists (select from pg_class c join pg_attribute a on a.attrelid = c.oid
                            where c.relnamespace = s.oid and c.relname = 'ledger' and c.relkind = 'r'
                              and a.attname = 'product' and not a.attisdropped)
              from (select to_regnamespace(quote_ident(\(.text(schema.name)))) as oid) s
            """)
        if found.bool(0), !found.bool(1) { return .foreign }
        if let stranger = try stranger(transaction) { return .another(stranger) }
        guard found.bool(0) else { return .absent }
        if let what = try tampering(transaction) { return .tampered(what) }
        let version = try transaction.run(
            "select version from \(schema).ledger where product = 'etl'"
        ).first?.int(0)
        guard let version else { return .foreign }
        return version > Self.version ? .newer(version) : .ours
    }

    /// Makes the tables where they are absent, and says what was there before.
    ///
    /// Two programs that come at the same time do it one after the other. The transaction's search path must begin with
    /// the ledger's schema.
    public func create(_ transaction: borrowing Transaction) throws(PostgresError) -> Presence {
        try lockCreation(transaction)
        let found = try presence(transaction)
        guard found == .absent else { return found }
        let exists = try transaction.row("select to_regnamespace(quote_ident(\(.text(schema.name)))) is not null")
        if !exists.bool(0) {
            try transaction.run("create schema \(schema)")
            try transaction.run(
                "comment on schema \(schema) is 'The ledger of etl: runs, stages, chunks, rejects, audit.'")
        }
        try closeToPublic(transaction)
        try transaction.run(SQL(unsafe: Self.definition))
        return .absent
    }

    /// Takes from everybody what default privileges may have given. A schema of another role's was opened by that role.
    private func closeToPublic(_ transaction: borrowing Transaction) throws(PostgresError) {
        let own = try transaction.row(
            "select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = \(.text(schema.name))")
        if own.bool(0) { try transaction.run("revoke all on schema \(schema) from public") }
    }

    /// Lets others who would make or alter the tables wait until the transaction ends.
    func lockCreation(_ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run(
            "select pg_advisory_xact_lock(hashtextextended('etl ledger ' || \(.text(schema.name)), 0))")
    }

    /// The statements that make the tables, in one transaction with the ledger's schema first in its search path.
    public static var definition: String { String(decoding: PackageResources.ledger_sql, as: UTF8.self) + closing }

    /// Nothing of it is for everybody, whatever default privileges say.
    private static let closing = """

        revoke all on ledger, runs, stages, workers, chunks, rejects, unmapped, found_rows, accepted_keys, archives, audit
          from public;
        revoke all on sequence runs_id_seq, workers_id_seq, rejects_id_seq, audit_id_seq from public;
        """

    /// Whether the role may write all that work on a run writes, on this server.
    public func mayBeWritten(_ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        try transaction.row(
            """
            select not pg_is_in_recovery()
               and bool_and(has_table_privilege(c.oid, 'insert')
                            -- The audit is only added to.
                            and (c.relname = 'audit' or has_table_privilege(c.oid, 'update')
                                                        and has_table_privilege(c.oid, 'delete')))
              from pg_class c
             where c.relnamespace = to_regnamespace(quote_ident(\(.text(schema.name)))) and c.relkind = 'r'
               and c.relname in ('runs', 'stages', 'workers', 'chunks', 'rejects', 'unmapped', 'found_rows', 'audit')
            """
        ).bool(0)
    }

    /// Hashes definitions with SHA-256, in the order given.
    public func fingerprints(
        of definitions: [[UInt8]], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [String] {
        var hashes: [String] = []
        for definition in definitions {
            let row = try transaction.row("select encode(sha256(\(.bytes(definition))), 'hex')")
            hashes.append(row.text(0) ?? "")
        }
        return hashes
    }
}
