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
        guard let chunk = try ledger.lockDoneChunk(n, of: stage, transaction) else { return RenewalOutcome() }
        let changes = try ChangedRows(in: chunk, of: source, transaction)
        if changes.isEmpty { return RenewalOutcome() }
        guard try TableFacts.signature(of: [source.name], transaction) == signature else {
            throw Failure(.failed, "\(source.name) was altered while the stage was at work", next: "run it again")
        }
        var renewed = RenewedRows(chunk, changes)
        let wanted = Set((changes.new + changes.rewritten).map(\.hash))
        let part = changes.current.filter { wanted.contains($0.hash) }.prefix(Self.rows)
        var rejects: [RejectRecord] = []
        let written = Set(chunk.rows.filter { $0.written != nil }.map(\.keyHash))
        try work(on: Array(part), in: chunk.range, writtenBefore: written, &renewed, &rejects, transaction)
        try settle(rejects, tried: part.map(\.key), changes, of: chunk, transaction)
        try renewed.store(
            of: stage, targetRows: "target_rows",
            adding: ChunkAdditions(gone: Int64(changes.vanished.count)), ledger, transaction)
        return renewed.outcome
    }

    /// Runs the statement for some rows; in halves where the server refuses one of them, which is a reject.
    private func work(
        on rows: [KeyedRow], in range: KeyRange, writtenBefore written: Set<Int64>, _ renewed: inout RenewedRows,
        _ rejects: inout [RejectRecord],
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
                renewed.add(seen, mark: row.mark)
            }
        } catch let fault as Unworkable {
            if rows.count == 1 {
                rejects.append(
                    RejectRecord(
                        key: rows[0].key, code: fault.code.rawValue, place: "",
                        message: "the server refuses this row: \(fault.error.serverError?.message ?? "")"))
                renewed.add(
                    SeenRow(keyHash: rows[0].hash, xmin: rows[0].xmin, fate: .rejected), mark: rows[0].mark)
                return
            }
            let middle = rows.count / 2
            try work(on: Array(rows[..<middle]), in: range, writtenBefore: written, &renewed, &rejects, transaction)
            try work(on: Array(rows[middle...]), in: range, writtenBefore: written, &renewed, &rejects, transaction)
        }
    }

    private func settle(
        _ rejects: [RejectRecord], tried: [Key], _ changes: ChangedRows, of chunk: DoneChunk,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let present = Set(changes.current.map(\.key))
        let tried = Set(tried)
        let old = try ledger.lockRejects(of: stage, inChunk: chunk.n, transaction)
        let over = old.filter { tried.contains($0.record.key) || !present.contains($0.record.key) }
        try ledger.resolve(over.map(\.id), transaction)
        try ledger.addRejects(rejects, in: Claim(n: chunk.n, range: chunk.range, attempt: 1), of: stage, transaction)
    }
}
