import Pipelines
import Postgres

/// What a stage takes: time, and what the server writes to its log meanwhile, for others, too. Who keeps that log for a standby
/// or a slot wants to know.
struct StageCost {
    private let began = MonotonicClock.now
    private let position: Int64

    /// Begins to count.
    init(_ site: Site, on session: Session) throws {
        position = try Self.position(site, session)
    }

    /// Tells of a stage that is done.
    func finished(_ stage: Stage, rows: Int64?, _ site: Site, on session: Session) throws -> Event {
        .stageFinished(
            stage: stage.name, kind: stage.work.kind, rows: rows, seconds: MonotonicClock.now - began,
            wal: max(0, try Self.position(site, session) - position))
    }

    private static func position(_ site: Site, _ session: Session) throws -> Int64 {
        try session.perform("asking how much WAL was written") { connection in
            try connection.transaction(site.looking) { try position($0) }
        }
    }

    /// Where the server's log ends, in bytes since the first.
    static func position(_ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        try transaction.row("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").int(0) ?? 0
    }
}
