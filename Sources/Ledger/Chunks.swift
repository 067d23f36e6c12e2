public import Postgres

extension Ledger {
    /// How many attempts a chunk gets before it is halved.
    public static let attempts: Int64 = 3

    /// Cuts a table into chunks of `rows` rows by one scan of its key, in the order of SQL. The first chunk is open below
    /// and the last one above, so that every key there will ever be has its chunk.
    public func planChunks(
        of stage: ChunkedStage, over source: QualifiedName, key: [Identifier], rows: Int64, total: Int64,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let names = key.indices.map { "k\($0)" }
        let columns = SQL(unsafe: zip(key, names).map { "\($0.quoted) as \($1)" }.joined(separator: ", "))
        let printed = SQL(unsafe: names.map { "\($0)::text" }.joined(separator: ", "))
        try transaction.run(
            """
            with bounds as (
                select row_number() over (order by place) as i, array[\(printed)] as bound
                  from (select \(columns), row_number() over (order by \(SQL.list(key))) as place
                          from \(source)) numbered
                 where place % \(.int(rows)) = 0 and place < \(.int(total))),
            ends as (select i, bound from bounds union all select count(*) + 1, null from bounds)
            insert into chunks (run_id, stage, n, part, lower, upper)
            select \(.int(stage.run.value)), \(.text(stage.name)), i, \(.int(Int64(stage.part)))::int,
                   lag(bound) over (order by i), bound from ends
            """)
    }

    /// Gives a stage the chunks of another one that are done, to be looked at again.
    public func planChunks(
        of stage: ChunkedStage, as origin: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.run(
            """
            insert into chunks (run_id, stage, n, part, origin, lower, upper)
            select \(.int(stage.run.value)), \(.text(stage.name)),
                   row_number() over (order by n) + (select coalesce(max(n), 0) from chunks where \(stage.allRows)),
                   \(.int(Int64(stage.part)))::int, n, lower, upper
              from chunks where \(origin.rows) and state = 'done'
            """)
    }

    /// Forgets the chunks of every part of a stage, which is to be done anew.
    public func forgetChunks(of stage: ChunkedStage, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run("delete from unmapped where \(stage.allRows)")
        try transaction.run("delete from chunks where \(stage.allRows)")
    }

    /// Locks a claimed chunk for the transaction that works on it; false when another took it meanwhile.
    public func lockChunk(
        _ claim: Claim, of stage: ChunkedStage, by worker: WorkerID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        let found = try transaction.run(
            """
            select n from chunks
             where \(stage.rows) and n = \(.int(claim.n)) and state = 'todo' and claimant = \(.int(worker.value))
               and attempt = \(.int(claim.attempt)) \(unsafe: Mutant.is(.workWithoutLock) ? "" : "for update skip locked")
            """)
        return found.count == 1 || Mutant.is(.skipFence)
    }

    /// Notes that a chunk is done, in the transaction that holds its rows. Where reading stopped early, the chunk ends
    /// at `end` and the rest becomes a new one.
    public func finishChunk(
        _ claim: Claim, of stage: ChunkedStage, with outcome: ChunkOutcome, endingAt end: Key?,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        if let end, !Mutant.is(.forgetTheRest) { try cut(claim.n, of: stage, at: end, transaction) }
        try transaction.changeOne(
            """
            update chunks
               set state = 'done', read = \(.int(outcome.read)), migrated = \(.int(outcome.migrated)),
                   empty = \(.int(outcome.empty)), rejected = \(.int(outcome.rejected)),
                   adopted = \(.int(outcome.adopted)), kept = \(.int(outcome.kept)), target_rows = \(.int(outcome.targetRows)),
                   stale = \(.int(outcome.stale)), wrong = \(.int(outcome.wrong)), extra = \(.int(outcome.extra)),
                   others = \(.int(outcome.others)), bytes = \(.int(outcome.bytes)),
                   \(StoredRows(outcome.seen.rows).assignments),
                   seen_sum = \(.text(Mutant.is(.forgetSeenSum) ? "0" : String(outcome.seen.sum)))::numeric, finished_at = clock_timestamp()
             where \(stage.rows) and n = \(.int(claim.n))
            """)
        if Mutant.is(.forgetUnmappedKeys) { return }
        try addUnmapped(outcome.unmapped, of: stage, chunk: claim.n, transaction)
    }

    /// Records keys that nothing reads, and in how many documents of a chunk they were met.
    public func addUnmapped(
        _ keys: [[UInt8]: Int64], of stage: ChunkedStage, chunk n: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        if keys.isEmpty { return }
        let names = Array(keys.keys)
        try transaction.run(
            """
            insert into unmapped (run_id, stage, chunk, name, count)
            select \(.int(stage.run.value)), \(.text(stage.name)), \(.int(n))::int, name, count
              from unnest(\(.textArray(names)), \(.intArray(names.map { keys[$0] ?? 0 }))) as met (name, count)
            """)
    }

    /// Halves a chunk at a key: the attempts of both parts begin at 0, and nobody claims them.
    public func split(
        _ n: Int64, of stage: ChunkedStage, at key: Key, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try cut(n, of: stage, at: key, transaction)
        try transaction.changeOne(
            "update chunks set attempt = \(unsafe: Mutant.is(.halvesKeepAttempts) ? "attempt" : "0"), claimant = null, claimed_at = null where \(stage.rows) and n = \(.int(n))"
        )
    }

    /// Ends a chunk at a key; what lies above becomes a new chunk. The claim on the chunk stays: it tells its worker
    /// afterwards that the commit was its own.
    private func cut(
        _ n: Int64, of stage: ChunkedStage, at key: Key, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try lockNumbers(of: stage, transaction)
        try transaction.changeOne(
            """
            insert into chunks (run_id, stage, n, part, origin, lower, upper)
            select run_id, stage, (select max(n) + 1 from chunks where \(stage.allRows)), part, origin,
                   \(key.parameter), upper
              from chunks where \(stage.rows) and n = \(.int(n))
            on conflict do nothing
            """)
        try transaction.changeOne(
            "update chunks set upper = \(key.parameter) where \(stage.rows) and n = \(.int(n))")
    }

    /// Divides a chunk that is done above all rows that it knows: it ends at the first key, and what lies above becomes chunks that end
    /// at the others, the last one where it ended before. They are done, too, and know of no row yet.
    public func divide(
        _ n: Int64, of stage: ChunkedStage, at bounds: [Key], _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try lockNumbers(of: stage, transaction)
        let columns = (0..<stage.keyColumns).map { part -> SQL in "\(.textArray(bounds.map { $0.parts[part] }))" }
        let names = SQL(unsafe: columns.indices.map { "k\($0)" }.joined(separator: ", "))
        try transaction.run(
            """
            insert into chunks (run_id, stage, n, part, lower, upper, state, finished_at)
            select run_id, stage, (select max(n) from chunks where \(stage.allRows)) + i, part, bound,
                   coalesce(lead(bound) over (order by i), upper), state, clock_timestamp()
              from chunks,
                   (select array[\(names)], i from unnest(\(SQL.joined(columns, separator: ", "))) with ordinality as b (\(names), i))
                       as bounds (bound, i)
             where \(stage.rows) and n = \(.int(n)) and state = 'done'
            """)
        try transaction.changeOne(
            "update chunks set upper = \(bounds[0].parameter) where \(stage.rows) and n = \(.int(n)) and state = 'done'"
        )
    }

    /// Two who make new chunks at once would choose the same numbers. Where the transaction sees one moment only, waiting does not
    /// help: then the conflict is one of serialization, and the work is tried again.
    private func lockNumbers(
        of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.run(
            "select pg_advisory_xact_lock(hashtextextended(\(.text(stage.name)), \(.int(stage.run.value))))")
    }

    /// Gives a worker's claims back without their attempts being counted: nothing was wrong with the chunks. Waits for
    /// whoever holds their rows.
    public func releaseClaims(of worker: WorkerID, _ transaction: borrowing Transaction) throws(PostgresError) {
        let claims: SQL = """
            claimant = \(.int(worker.value)) and state = 'todo'
            and run_id = (select run_id from workers where id = \(.int(worker.value)))
            """
        // A session that still commits claims its next chunk with that: only a statement that begins afterwards sees it.
        try transaction.run("select from chunks where \(claims) for update")
        try transaction.run(
            "update chunks set attempt = attempt - \(unsafe: Mutant.is(.blameTheStopped) ? "0" : "1"), claimant = null, claimed_at = null where \(claims)"
        )
    }

    /// Whether a worker's own commit of a chunk happened. Waits for whoever holds the row: as long as an old session
    /// may still commit, there is no answer. A chunk that is not there was made by a commit that was lost with others.
    public func isDone(
        _ claim: Claim, of stage: ChunkedStage, by worker: WorkerID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.run(
            """
            select state = 'done' and claimant = \(.int(worker.value)) from chunks
             where \(stage.rows) and n = \(.int(claim.n)) \(unsafe: Mutant.is(.decideWithoutWaiting) ? "" : "for update")
            """
        ).first?.bool(0) ?? false
    }

    /// How many chunks are not done.
    public func chunksLeft(
        of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Int64 {
        try transaction.row("select count(*) from chunks where \(stage.rows) and state = 'todo'").int(0) ?? 0
    }
}
