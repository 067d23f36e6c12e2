import Ledger
import Postgres

/// The rows of a table as they were before a statement of this transaction, and which of them it replaced, without any of them
/// being held beforehand.
///
/// A cursor keeps the moment. Read after the statement, it gives every row as it was then; the `xmax` of such a row, which is
/// as it is now, is our own transaction's where it was this very version that we replaced. Where somebody else wrote to a row in
/// between, it is theirs. Where our transaction only locked it, or shares it with others, what is said here is wrong on the safe
/// side: the row then counts as changed.
struct RowsBefore {
    /// A row before the statement, and what it is since where we replaced it.
    struct Row {
        let hash: Int64
        let xmin: UInt32
        let mark: Int64
        let renewed: RenewedRow?
    }

    private let source: KeyedTable

    init(_ source: KeyedTable) { self.source = source }

    private static let cursor: SQL = "etl_before"
    private static let ownID: SQL = "pg_current_xact_id()::xid"
    private static var isReplaced: SQL {
        Mutant.is(.takeTheirsForOurs) ? "source.xmax <> '0'::xid" : "source.xmax = \(ownID)"
    }

    /// Keeps the moment for the rows that a condition on the alias `source` picks.
    func keep(where condition: SQL, _ transaction: borrowing Transaction) throws(PostgresError) {
        let printed = source.printedKey(of: "source")
        try transaction.run(
            """
            declare \(Self.cursor) no scroll cursor for
            select \(source.keyHash(of: "source")), source.xmin::text, \(source.mark(of: "source")),
                   case when \(Self.isReplaced) then \(Self.ownID)::text end,
                   case when \(Self.isReplaced)
                        then hashtextextended(\(unsafe: printed) collate "C", \(Self.ownID)::text::bigint) end
              from \(source.name) source where \(condition) order by \(SQL.list(source.columns, of: "source"))
            """)
    }

    /// Gives the rows as they were then, in key order.
    func read(_ transaction: borrowing Transaction) throws(PostgresError) -> [Row] {
        let found = try transaction.run("fetch all from \(Self.cursor)")
        try transaction.run("close \(Self.cursor)")
        return found.rows.compactMap { row in
            guard let hash = row.int(0), let oldXmin = row.int(1), let oldMark = row.int(2) else { return nil }
            let old = UInt32(truncatingIfNeeded: oldXmin)
            guard let xmin = row.int(3), let mark = row.int(4) else {
                return Row(hash: hash, xmin: old, mark: oldMark, renewed: nil)
            }
            let renewed = RenewedRow(
                keyHash: hash, oldXmin: old, oldMark: oldMark, xmin: UInt32(truncatingIfNeeded: xmin), mark: mark)
            return Row(hash: hash, xmin: old, mark: oldMark, renewed: renewed)
        }
    }

    /// The hashes of the keys of all rows that this transaction wrote to, among those that a condition picks.
    func written(
        where condition: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Set<Int64> {
        let found = try transaction.run(
            """
            select \(source.keyHash(of: "source")) from \(source.name) source
             where source.xmin = \(Self.ownID) and (\(condition))
            """)
        return Set(found.rows.compactMap { $0.int(0) })
    }
}
