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

    init(
        _ batch: SQLBatch, source: KeyedTable, stage: ChunkedStage, ledger: Ledger,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        self.ledger = ledger
        self.stage = stage
        self.source = source
        signature = try TableFacts.signature(of: [source.name], transaction)
        task = BatchTask(
            BatchJob(batch: batch, signature: signature), source: source, stage: stage, ledger: ledger)
    }

    /// Does some of what changed in a chunk.
    func perform(_ n: Int64, _ transaction: borrowing Transaction) throws -> RenewalOutcome {
        try transaction.run("lock table \(source.name) in access share mode")
        return try renew(ChangedChunk.find(n, of: stage, source, ledger, transaction), transaction)
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
        let rows = Array(parts.flatMap { $0.changes.new + $0.changes.rewritten }.prefix(Self.rows))
        let range = parts.count == 1 ? parts[0].chunk.range : KeyRange(above: nil, through: nil)
        let written = Set(parts.flatMap(\.chunk.rows).filter { $0.written != nil }.map(\.keyHash))
        var done = Done()
        try work(on: rows, in: range, writtenBefore: written, &done, transaction)
        var outcome = RenewalOutcome()
        for part in parts {
            let keys = Set((part.changes.new + part.changes.rewritten).map(\.key))
            let tried = rows.filter { keys.contains($0.key) }
            try settle(done.rejects.filter { keys.contains($0.key) }, tried: tried.map(\.key), part, transaction)
            var renewed = RenewedRows(part)
            for row in tried {
                if let moved = done.rows[row.hash] { renewed.add(moved.row, mark: moved.mark) }
            }
            try renewed.store(
                of: stage, targetRows: "target_rows",
                adding: ChunkAdditions(gone: Int64(part.changes.vanished.count)), ledger, transaction)
            outcome += renewed.outcome
        }
        return outcome
    }

    /// What became of rows, by the hashes of their keys.
    private struct Done {
        var rows: [Int64: (row: SeenRow, mark: Int64)] = [:]
        var rejects: [RejectRecord] = []
    }

    /// Runs the statement for some rows; in halves where the server refuses one of them, which is a reject.
    private func work(
        on rows: [KeyedRow], in range: KeyRange, writtenBefore written: Set<Int64>, _ all: inout Done,
        _ transaction: borrowing Transaction
    ) throws {
        if rows.isEmpty { return }
        let condition = ChunkQuery.condition(rows.map(\.key), key: source.key, alias: "source")
        do {
            let done = try transaction.savepoint { try task.work(where: condition, in: range, transaction) }
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
            try work(on: Array(rows[..<middle]), in: range, writtenBefore: written, &all, transaction)
            try work(on: Array(rows[middle...]), in: range, writtenBefore: written, &all, transaction)
        }
    }

    private func settle(
        _ rejects: [RejectRecord], tried: [Key], _ part: ChangedChunk, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let chunk = part.chunk
        let old = try ledger.lockRejects(of: stage, inChunk: chunk.n, transaction)
        let over = part.changes.gone(among: Set(old.map(\.record.key))).union(tried)
        try ledger.resolve(old.filter { over.contains($0.record.key) }.map(\.id), transaction)
        try ledger.addRejects(rejects, in: Claim(n: chunk.n, range: chunk.range, attempt: 1), of: stage, transaction)
    }
}
