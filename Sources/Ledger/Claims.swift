public import Postgres

/// What came of asking for a chunk.
public enum ClaimResult: Sendable, Equatable {
    /// This one; its attempt is counted once the transaction commits.
    case claimed(Claim)
    /// This one is locked and has used up its attempts: halve it, or reject its only row.
    case exhausted(n: Int64, range: KeyRange)
    /// None is free now, but others work on some that may come back.
    case othersAtWork
    /// Every chunk is done.
    case noneLeft
}

extension Ledger {
    /// How long a living worker's claim may stand before another takes the chunk.
    private static let claimLife = SQL("interval '2 seconds'")

    /// Claims the next free chunk and counts the attempt; commit before the work, so that a chunk that kills its worker
    /// is counted. A row that somebody else works on is passed over.
    public func claim(
        _ stage: ChunkedStage, by worker: WorkerID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> ClaimResult {
        guard let row = try freeChunk(of: stage, for: worker, transaction) else {
            return try chunksLeft(of: stage, transaction) == 0 ? .noneLeft : .othersAtWork
        }
        guard let n = row.int(0), let attempts = row.int(1) else {
            throw .unexpectedAnswer("a chunk that is not whole")
        }
        let origin = row.int(3)
        let range = stage.range(in: row, from: 4)
        let isCounted = row.bool(2)
        if !isCounted, attempts >= Self.attempts, !Mutant.is(.attemptsWithoutEnd) {
            return .exhausted(n: n, range: range)
        }
        let attempt = attempts + (isCounted || Mutant.is(.claimWithoutCounting) ? 0 : 1)
        try transaction.changeOne(
            """
            update chunks set attempt = \(.int(attempt))::smallint, claimant = \(.int(worker.value)),
                   claimed_at = clock_timestamp()
             where \(stage.rows) and n = \(.int(n))
            """)
        return .claimed(Claim(n: n, range: range, attempt: attempt, origin: origin))
    }

    /// The best chunk to take, locked: one that nobody claimed; else one whose claimant is gone, or lives and does not
    /// come. Only the claim of one who lives has its attempt counted already; behind a pooler, where a session that ended a
    /// moment ago still counts as alive, none has.
    private func freeChunk(
        of stage: ChunkedStage, for worker: WorkerID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Row? {
        let unclaimed = try transaction.run(
            """
            select n, attempt, false, origin, \(stage.bounds) from chunks
             where \(stage.rows) and state = 'todo' and claimant is null
             order by n limit 1 for update skip locked
            """)
        if let row = unclaimed.first { return row }
        let claimantLives: SQL = "coalesce((select \(Self.workerLives) from workers w where w.id = claimant), false)"
        return try transaction.run(
            """
            select n, attempt, \(claimantLives) and not (select pooled from workers w where w.id = claimant), origin,
                   \(stage.bounds)
              from chunks
             where \(stage.rows) and state = 'todo'
               and (claimant = \(.int(worker.value)) or claimed_at < clock_timestamp() - \(Self.claimLife)
                    or not \(Mutant.is(.takeFromTheLiving) ? "false" : claimantLives))
             order by n limit 1 for update skip locked
            """
        ).first
    }
}
