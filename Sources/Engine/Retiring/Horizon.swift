import Postgres

/// A moment, by the oldest transaction that was at work then: a row that an older one wrote is as it was at that moment.
struct Horizon {
    private let oldest: String

    /// That of now, as a transaction sees it.
    init(_ transaction: borrowing Transaction) throws(PostgresError) {
        oldest = try transaction.row("select pg_snapshot_xmin(pg_current_snapshot())::xid").text(0) ?? ""
    }

    /// Whether a row may have been written since, by its `xmin`. Of rows that are older than two billion transactions some may,
    /// too, because `xmin` alone does not tell.
    func mayPrecede(_ xmin: SQL) -> SQL { "age(\(xmin)) <= age(\(literal: oldest.utf8)::xid)" }
}
