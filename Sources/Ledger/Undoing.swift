public import Postgres

extension Ledger {
    /// The objects that a stage created and that were not taken away again, as they were recorded.
    public func created(
        by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [String] {
        try transaction.run(
            """
            select object from stages, unnest(created) with ordinality as c (object, place)
             where run_id = \(.int(run.value)) and name = \(.text(stage)) order by place
            """
        ).rows.compactMap { $0.text(0) }
    }

    /// Notes that an object which a stage created was taken away.
    public func forgetCreated(
        _ object: String, by stage: String, of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set created = array_remove(created, \(.text(object)))
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// Notes that nothing is left of what a stage did: it is as if it had never begun, and may be begun anew. What was
    /// rejected is settled by that. Archives stay in the list of what the stage created, for as long as they are there.
    public func resetStage(
        _ stage: String, of run: RunID, keeping created: [String] = [], _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let rows: SQL = "run_id = \(.int(run.value)) and stage = \(.text(stage))"
        try transaction.run(
            """
            update rejects set state = 'resolved', resolved_at = clock_timestamp()
             where \(rows) and state <> 'resolved'
            """)
        for table in ["unmapped", "found_rows", "chunks"] {
            try transaction.run("delete from \(unsafe: table) where \(rows)")
        }
        try transaction.changeOne(
            """
            update stages
               set state = 'pending', fingerprint = null, started_at = null, finished_at = null, source_oid = null,
                   target_oid = null, second_target_oid = null, target_was_empty = null, total = null, skipped = null, archive = null,
                   created = \(.textArray(created.map { Array($0.utf8) }))
             where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// Notes that nothing is left of what a chunk did, in the transaction that took it away: it is to be done again, like
    /// one that never was.
    public func reopenChunk(
        _ n: Int64, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let own: SQL = "run_id = \(.int(stage.run.value)) and stage = \(.text(stage.name)) and chunk = \(.int(n))"
        try transaction.run(
            """
            update rejects set state = 'resolved', resolved_at = clock_timestamp()
             where \(own) and state <> 'resolved'
            """)
        try transaction.run("delete from unmapped where \(own)")
        // Made anew, so that everything that it ever held is as at first.
        try transaction.changeOne(
            """
            with old as (delete from chunks where \(stage.rows) and n = \(.int(n))
                         returning run_id, stage, n, part, origin, lower, upper)
            insert into chunks (run_id, stage, n, part, origin, lower, upper) select * from old
            """)
    }

    /// The next chunk in a state, locked, with its keys; nil where none is left.
    public func lockNextChunk(
        isDone: Bool, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (n: Int64, range: KeyRange)? {
        let found = try transaction.run(
            """
            select n, \(stage.bounds) from chunks
             where \(stage.rows) and state = \(.text(isDone ? "done" : "todo")) order by n limit 1 for update
            """)
        return found.first.map { row in (row.int(0) ?? 0, stage.range(in: row, from: 1)) }
    }

    /// The chunks of a stage with their keys, and whether each is done.
    public func chunkRanges(
        of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(n: Int64, isDone: Bool, range: KeyRange)] {
        try transaction.run(
            "select n, state = 'done', \(stage.bounds) from chunks where \(stage.rows) order by n"
        ).rows.map { row in (row.int(0) ?? 0, row.bool(1), stage.range(in: row, from: 2)) }
    }

    /// Whether those who work on a run now take it back.
    public func isBeingUndone(_ run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        guard try !livingWorkers(of: run, transaction).isEmpty else { return false }
        let acts: [Act] = [.begin, .resume, .retry, .verify, .catchUp, .undo]
        let last = try transaction.run(
            """
            select act from audit
             where run_id = \(.int(run.value)) and act = any (\(.textArray(acts.map { Array($0.rawValue.utf8) })))
             order by id desc limit 1
            """)
        return last.first?.text(0) == Act.undo.rawValue
    }

    /// Notes that nothing is left of a run: a later one begins anew.
    public func markUndone(_ run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run("delete from accepted_keys where run_id = \(.int(run.value))")
        try set(.stopped, of: run, transaction)
    }
}

extension Ledger {
    /// Notes the keys of source rows whose rows were in the target before, in the transaction of their chunk.
    public func addFound(
        _ keys: [Key], of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        if keys.isEmpty || Mutant.is(.forgetWhatWasFound) { return }
        let columns = (0..<stage.keyColumns).map { column -> SQL in "\(.textArray(keys.map { $0.parts[column] }))" }
        let names = (0..<stage.keyColumns).map { "k\($0)" }.joined(separator: ", ")
        let key = stage.keyColumns == 1 ? "to_jsonb(k0)" : "jsonb_build_array(\(names))"
        try transaction.run(
            """
            insert into found_rows (run_id, stage, key)
            select \(.int(stage.run.value)), \(.text(stage.name)), \(unsafe: key)
              from unnest(\(SQL.joined(columns, separator: ", "))) as found (\(unsafe: names))
            on conflict do nothing
            """)
    }
}

extension Ledger {
    /// Forgets a run with all that belongs to it, its records of what was dropped included; the audit stays.
    public func removeRun(_ run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run("delete from archives where run_id = \(.int(run.value))")
        try transaction.changeOne("delete from runs where id = \(.int(run.value))")
    }
}
