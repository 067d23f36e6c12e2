import Ledger
import Pipelines
import Postgres
import Transforms

/// Runs a batch's statement again for the rows of a chunk that came or changed since.
struct BatchRenewal {
    /// How many rows are locked in one transaction at most.
    private static let rows = 250

    private let ledger: Ledger
    private let stage: ChunkedStage
    private let source: KeyedTable
    private let signature: String
    private let task: BatchTask
    /// Finds rows that are not as the batch leaves them; nil where there are none.
    private let differences: RangedStatement?

    /// What a batch writes may follow from other tables, too. `differences` finds what it would have to write to rows that nobody
    /// wrote to: a row that was read when another table had not followed its change yet.
    init(
        _ batch: SQLBatch, differences: RangedStatement?, source: KeyedTable, stage: ChunkedStage, ledger: Ledger,
        _ transaction: borrowing Transaction
    ) throws {
        self.ledger = ledger
        self.differences = try differences.flatMap {
            try $0.findsAny(in: source.name.schema, transaction) && !Mutant.is(.overlookOverdueRows) ? $0 : nil
        }
        self.stage = stage
        self.source = source
        signature = try TableFacts.signature(of: [source.name], transaction)
        task = BatchTask(
            BatchJob(batch: batch, signature: signature), source: source, stage: stage, ledger: ledger)
    }

    /// Whether there are rows to look at again though they are as they were.
    var isOverdue: Bool { differences != nil }

    /// Does some of what changed in a chunk.
    func perform(_ n: Int64, _ transaction: borrowing Transaction) throws -> RenewalOutcome {
        try transaction.run("lock table \(source.name) in access share mode")
        let parts = try ChangedChunk.find(
            n, of: stage, source, ledger, overdue: { try overdue(in: $0, transaction) }, transaction)
        return try renew(parts, transaction)
    }

    /// The keys of rows of a range that are not as the batch leaves them.
    private func overdue(in range: KeyRange, _ transaction: borrowing Transaction) throws -> Set<Key> {
        // Such a statement says its key as one text.
        guard let differences, source.key.count == 1 else { return [] }
        let condition = ChunkQuery.condition(range, key: source.key, alias: "source")
        let found = try differences.findings(where: condition, in: source.name.schema, transaction)
        return Set(found.compactMap { row in row.bytes(0).map { Key([$0]) } })
    }

    /// Does some of what changed among some rows.
    func perform(_ late: ArraySlice<LateRow>, _ transaction: borrowing Transaction) throws -> RenewalOutcome {
        try transaction.run("lock table \(source.name) in access share mode")
        return try renew(ChangedChunk.find(late, of: stage, source, ledger, transaction), transaction)
    }

    private func renew(_ parts: [ChangedChunk], _ transaction: borrowing Transaction) throws -> RenewalOutcome {
        if parts.isEmpty { return RenewalOutcome() }
        guard try TableFacts.signature(of: [source.name], transaction) == signature else {
            throw Failure(.failed, "\(source.name) was altered while the stage was at work", next: "run it again")
        }
        let changed = parts.flatMap { $0.changes.new + $0.changes.rewritten }
        // Overdue ones all at once: whatever comes of them, they are not what is left to do in the chunk.
        let overdue = changed.dropFirst(Self.rows).filter { row in
            parts.contains { $0.changes.overdue.contains(row.key) }
        }
        let rows = changed.prefix(Self.rows) + overdue
        let ranges = parts.map(\.chunk.range)
        let written = Set(parts.flatMap(\.chunk.rows).filter { $0.written != nil }.map(\.keyHash))
        var done = Done()
        try work(on: Array(rows), in: ranges, writtenBefore: written, &done, transaction)
        let tried = Set(rows.map(\.key))
        try settle(done.rejects, tried: tried, parts, transaction)
        let renewed = parts.map { part in
            var renewed = RenewedRows(part, adding: ChunkAdditions(gone: Int64(part.changes.vanished.count)))
            for row in part.changes.new + part.changes.rewritten where tried.contains(row.key) {
                if let moved = done.rows[row.hash] { renewed.add(moved.row, mark: moved.mark) }
            }
            return renewed
        }
        try RenewedRows.store(renewed, of: stage, ledger, transaction)
        return renewed.reduce(into: RenewalOutcome()) { $0 += $1.outcome }
    }

    /// What became of rows, by the hashes of their keys.
    private struct Done {
        var rows: [Int64: (row: SeenRow, mark: Int64)] = [:]
        var rejects: [RejectRecord] = []
    }

    /// Runs the statement for some rows; in halves where the server refuses one of them, which is a reject.
    private func work(
        on rows: [KeyedRow], in ranges: [KeyRange], writtenBefore written: Set<Int64>, _ all: inout Done,
        _ transaction: borrowing Transaction
    ) throws {
        if rows.isEmpty { return }
        let condition = ChunkQuery.condition(rows.map(\.key), key: source.key, alias: "source")
        do {
            let done = try transaction.savepoint { try task.work(where: condition, in: ranges, transaction) }
            for row in done.rows {
                let isOurs = done.rewritten.contains(row.hash) || written.contains(row.hash)
                let seen = SeenRow(
                    keyHash: row.hash, xmin: row.xmin, fate: .migrated, written: isOurs ? BatchTask.someValue : nil)
                all.rows[row.hash] = (seen, row.mark)
            }
        } catch let fault as Unworkable {
            if rows.count == 1 {
                all.rejects.append(
                    RejectRecord(
                        key: rows[0].key, code: fault.code.rawValue, place: "",
                        message: "the server refuses this row: \(fault.error.serverError?.message ?? "")"))
                all.rows[rows[0].hash] = (
                    SeenRow(keyHash: rows[0].hash, xmin: rows[0].xmin, fate: .rejected), rows[0].mark
                )
                return
            }
            let middle = rows.count / 2
            try work(on: Array(rows[..<middle]), in: ranges, writtenBefore: written, &all, transaction)
            try work(on: Array(rows[middle...]), in: ranges, writtenBefore: written, &all, transaction)
        }
    }

    private func settle(
        _ rejects: [RejectRecord], tried: Set<Key>, _ parts: [ChangedChunk], _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let old = try ledger.lockRejects(of: stage, inChunks: parts.map(\.chunk.n), transaction)
        var over: [OpenReject] = []
        for part in parts {
            let known = old[part.chunk.n] ?? []
            let gone = part.changes.gone(among: Set(known.map(\.record.key)))
            over += known.filter { gone.contains($0.record.key) || tried.contains($0.record.key) }
        }
        try ledger.resolve(over.map(\.id), transaction)
        for part in parts where !rejects.isEmpty {
            let keys = Set((part.changes.new + part.changes.rewritten).map(\.key))
            let claim = Claim(n: part.chunk.n, range: part.chunk.range, attempt: 1)
            try ledger.addRejects(rejects.filter { keys.contains($0.key) }, in: claim, of: stage, transaction)
        }
    }
}
