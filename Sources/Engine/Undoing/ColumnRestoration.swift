import Ledger
import Postgres

/// Brings columns that were dropped back from their archive.
///
/// They are filled under names of their own, a few rows at a time, and get their own names in one moment, when all rows
/// have theirs: whoever uses the table sees no column that is half there.
struct ColumnRestoration {
    let context: UndoContext
    let stage: String

    /// How many rows are written to in one transaction: their locks are held until its end.
    private static let rows: Int64 = 500

    private var site: Site { context.site }

    /// What came of it.
    struct Outcome {
        var what: String
        /// What could not be brought back, for people.
        var lacking: [String] = []
    }

    /// Brings them back and settles the stage.
    func perform() throws -> Outcome {
        let found = try context.perform(stage) { try site.ledger.dropped(by: stage, of: context.run, $0) }
        guard let dropped = found else {
            try forget()
            return Outcome(what: "nothing was dropped")
        }
        let restored = RestoredColumns(dropped, run: context.run)
        if !dropped.isRestored {
            try begin(restored)
            try fill(restored)
            try rename(restored)
        }
        let nulls = try RestoredNotNull(context: context, stage: stage, columns: restored).perform()
        let others = try RestoredDependents(context: context, stage: stage, table: dropped.table).perform()
        let newer = try newerRows(than: restored)
        return Outcome(what: try finish(restored), lacking: newer + nulls + others)
    }

    /// Settles a stage that dropped nothing: a copy that it made beforehand is of no use.
    private func forget() throws {
        try context.perform(stage, site.defining) { transaction in
            let record = try site.ledger.stages(of: context.run, transaction).first { $0.name == stage }
            if let copy = record?.archive {
                try transaction.run("drop table if exists \(QualifiedName(schema: site.ledger.schema, name: copy))")
            }
            let kept = try site.ledger.created(by: stage, of: context.run, transaction)
            try context.finish(stage, keeping: kept, "nothing was dropped", transaction)
        }
    }

    /// Adds the columns under their own names of ours, and plans the work.
    private func begin(_ restored: RestoredColumns) throws {
        guard let archive = restored.archive(in: site.ledger) else { return }
        try context.perform(stage, site.defining, locking: [restored.table]) { transaction in
            let there = try TableFacts(restored.table, transaction)?.columns ?? [:]
            if restored.filled.allSatisfy({ there[$0.hidden] != nil }) { return }
            try transaction.working(in: [restored.table.schema], lock: transaction.settings.lock) {
                for statement in restored.additions { try transaction.run(statement) }
            }
            let chunked = chunked(restored)
            try site.ledger.forgetChunks(of: chunked, transaction)
            let rows = try transaction.row("select count(*) from \(archive)").int(0) ?? 0
            try site.ledger.planChunks(
                of: chunked, over: archive, key: restored.dropped.key, rows: Self.rows, total: rows, transaction)
        }
    }

    private func chunked(_ restored: RestoredColumns) -> ChunkedStage {
        ChunkedStage(run: context.run, name: stage, keyColumns: restored.dropped.key.count)
    }

    /// Gives each row that is still there what it had, chunk by chunk.
    private func fill(_ restored: RestoredColumns) throws {
        guard let name = restored.archive(in: site.ledger), !restored.filled.isEmpty else { return }
        let began = MonotonicClock.now
        var rows: Int64 = 0
        while true {
            let done = try context.perform(stage, locking: [restored.table], waits: true) { transaction -> Int64? in
                let chunked = chunked(restored)
                guard let chunk = try site.ledger.lockNextChunk(isDone: false, of: chunked, transaction) else {
                    return nil
                }
                let archive = try KeyedTable(name, key: restored.dropped.key, transaction)
                let range = ChunkQuery.condition(chunk.range, key: archive.key, alias: "a")
                let kept = try transaction.row("select count(*) from \(name) a where \(range)").int(0) ?? 0
                let written = try transaction.working(in: [restored.table.schema], lock: UndoContext.rowLock) {
                    try transaction.run(restored.filling(from: name, where: range)).affectedRows
                }
                var outcome = ChunkOutcome()
                outcome.migrated = Int64(written)
                outcome.empty = kept - Int64(written)
                try site.ledger.finishChunk(
                    Claim(n: chunk.n, range: chunk.range, attempt: 0), of: chunked, with: outcome, endingAt: nil,
                    transaction)
                return kept
            }
            guard let done else { return }
            rows += done
            site.reporter.report(
                .progress(
                    Progress(
                        stage: stage, rows: rows, total: restored.dropped.rows, rowsHere: rows, bytesHere: 0,
                        rejects: 0,
                        workers: 1, seconds: MonotonicClock.now - began)))
        }
    }

    /// Gives the columns their names, and all that belongs to them and takes no time.
    private func rename(_ restored: RestoredColumns) throws {
        try context.perform(stage, site.defining, locking: [restored.table]) { transaction in
            // Where the answer to the commit was lost, it is done already.
            guard try site.ledger.dropped(by: stage, of: context.run, transaction)?.isRestored == false else { return }
            try RetiredColumns.lock(restored.table, transaction)
            try transaction.working(in: [restored.table.schema], lock: transaction.settings.lock) {
                for statement in restored.sequences + restored.namings { try transaction.run(SQL(unsafe: statement)) }
            }
            try site.ledger.setDependents(
                restored.dropped.dependents.filter { !restored.sequences.contains($0) }, by: stage, of: context.run,
                transaction)
            try site.ledger.markRestored(by: stage, of: context.run, transaction)
            try context.begin(transaction)
            try context.audit("stage \(stage): \(restored.description) back in \(restored.table)", transaction)
        }
    }

    /// Rows that came after the drop never had a value in these columns.
    private func newerRows(than restored: RestoredColumns) throws -> [String] {
        guard let archive = restored.archive(in: site.ledger) else { return [] }
        let isSame = SQL.equal(restored.dropped.key, of: "a", and: "t")
        let count = try context.perform(stage, site.defining) { transaction in
            try transaction.row(
                """
                select count(*) from \(restored.table) t
                 where not exists (select from \(archive) a where \(isSame))
                """
            ).int(0) ?? 0
        }
        if count == 0 { return [] }
        let rows = count == 1 ? "1 row that came after the drop has" : "\(count) rows that came after the drop have"
        return ["\(restored.table): \(rows) no \(restored.description)"]
    }

    /// The archive itself stays, until it is purged.
    private func finish(_ restored: RestoredColumns) throws -> String {
        var what = ""
        try context.perform(stage) { transaction in
            // Where the answer to the commit was lost, it is done already.
            guard try site.ledger.dropped(by: stage, of: context.run, transaction) != nil else { return }
            let chunked = chunked(restored)
            let counts = try site.ledger.totals(of: stage, in: context.run, transaction)
            let kept = try site.ledger.created(by: stage, of: context.run, transaction)
            try site.ledger.forgetChunks(of: chunked, transaction)
            try site.ledger.forgetArchive(by: stage, of: context.run, transaction)
            let gone = counts.empty > 0 ? ", \(counts.empty) rows are not there any more" : ""
            what = "\(restored.description) back in \(restored.table), \(counts.migrated) rows\(gone)"
            try context.finish(stage, keeping: kept, what, transaction)
        }
        return what
    }
}
