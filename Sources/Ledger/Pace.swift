public import Postgres

/// How a stage that works through chunks goes right now, by the server's clock.
public struct Pace: Sendable, Equatable {
    /// Source rows a second over the last minute, or since those who work on it came; nil where none was done.
    public let rowsPerSecond: Double?
    /// Seconds since a chunk was last done, or since those who work on it came.
    public let secondsSinceProgress: Double?
    /// How many chunks are being tried again, by the attempt they are at.
    public let retries: [Retries]

    /// Chunks that are tried for the same time.
    public struct Retries: Sendable, Equatable {
        /// Which attempt it is: 2 is the first that is tried again.
        public let attempt: Int64
        /// How many chunks are at it.
        public let chunks: Int64
    }
}

extension Ledger {
    /// How a stage goes. What was done before the present workers came says nothing about their pace.
    public func pace(
        of stage: String, in run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Pace {
        let chunks: SQL = "run_id = \(.int(run.value)) and stage = \(.text(stage))"
        let row = try transaction.row(
            """
            with present as (
              select clock_timestamp() as now,
                     greatest(s.started_at, (select min(w.started_at) from workers w
                                              where w.run_id = s.run_id and \(Self.workerIsSeen))) as began
                from stages s where run_id = \(.int(run.value)) and name = \(.text(stage))),
            frame as (select now, began, greatest(began, now - interval '1 minute') as start from present)
            select extract(epoch from now - start),
                   (select sum(read) from chunks where \(chunks) and state = 'done' and finished_at > start),
                   extract(epoch from now - greatest(began, (select max(finished_at) from chunks where \(chunks))))
              from frame
            """)
        let retries = try transaction.run(
            """
            select attempt, count(*) from chunks where \(chunks) and state = 'todo' and attempt > 1
             group by attempt order by attempt
            """
        ).rows.map { Pace.Retries(attempt: $0.int(0) ?? 0, chunks: $0.int(1) ?? 0) }
        return Pace(
            rowsPerSecond: Self.rate(rows: row.int(1), seconds: row.double(0)),
            secondsSinceProgress: row.double(2).map { max(0, $0) }, retries: retries)
    }

    /// Less than a second tells nothing.
    private static func rate(rows: Int64?, seconds: Double?) -> Double? {
        guard let rows, rows > 0, let seconds, seconds >= 1 else { return nil }
        return Double(rows) / seconds
    }
}
