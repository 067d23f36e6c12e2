public import Postgres

extension Ledger {
    /// A ledger that an older program made.
    public struct Outdated: Sendable, Equatable {
        /// The version of its tables.
        public let version: Int64
        /// The role that owns them.
        public let owner: String
        /// Whether this role may alter them.
        public let mayBeRenewed: Bool
    }

    /// What each version has that the one before it lacked; the first step leads from version 1 to version 2.
    private static let steps: [SQL] = [
        """
        alter table stages add column second_target_oid oid;
        comment on column stages.second_target_oid is 'The other table that it writes, where it writes two.'
        """
    ]

    /// Says whether there is a ledger of ours whose tables are older than this program's. All that only reads works on it
    /// as it is.
    public func outdated(_ transaction: borrowing Transaction) throws(PostgresError) -> Outdated? {
        let found = try transaction.row(
            """
            select version, pg_get_userbyid(relowner), pg_has_role(relowner, 'usage')
              from ledger, pg_class where product = 'etl' and pg_class.oid = 'stages'::regclass
            """)
        guard let version = found.int(0), version < Self.version else { return nil }
        return Outdated(version: version, owner: found.text(1) ?? "", mayBeRenewed: found.bool(2))
    }

    /// Brings its tables up to date. Nobody reads or writes them until the transaction ends.
    public func renew(_ transaction: borrowing Transaction) throws(PostgresError) {
        try lockCreation(transaction)
        guard let found = try outdated(transaction) else { return }
        for step in Self.steps[Int(found.version - 1)...] { try transaction.run(step) }
        try transaction.changeOne("update ledger set version = \(.int(Self.version)) where product = 'etl'")
    }
}
