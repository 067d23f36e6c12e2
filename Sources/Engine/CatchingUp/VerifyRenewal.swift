import Ledger
import Pipelines
import Postgres
import Transforms

/// Verifies again the rows of a verified chunk that came or changed since, or were found stale, and no others.
struct VerifyRenewal {
    /// How many rows are looked at in one transaction at most.
    static let rows: Int64 = 1000

    private let job: VerifyJob
    private let source: KeyedTable
    private let stage: ChunkedStage
    private let ledger: Ledger

    init(_ job: VerifyJob, source: KeyedTable, stage: ChunkedStage, ledger: Ledger) {
        self.job = job
        self.source = source
        self.stage = stage
        self.ledger = ledger
    }

    /// Looks at some of what changed in a chunk. The transaction must see one moment of everything, or hold the source.
    func perform(_ n: Int64, _ transaction: borrowing Transaction) throws -> RenewalOutcome {
        guard let chunk = try ledger.lockDoneChunk(n, of: stage, transaction), let origin = chunk.origin else {
            return RenewalOutcome()
        }
        let changes = try ChangedRows(in: chunk, of: source, transaction)
        if changes.isEmpty { return RenewalOutcome() }
        let worked = try ledger.workedChunk(origin, of: job.origin, transaction)
        let wanted = Set((changes.new + changes.rewritten).map(\.hash))
        let part = Array(changes.current.filter { wanted.contains($0.hash) }.prefix(Int(Self.rows)))
        let outcome = try compare(part, changes.vanished, chunk.range, worked, transaction)
        var renewed = RenewedRows(chunk, changes)
        for index in 0..<outcome.seen.count {
            renewed.add(outcome.seen.row(at: index), mark: outcome.seen.mark(at: index))
        }
        try renewed.store(
            of: stage, targetRows: "target_rows",
            adding: ChunkAdditions(extra: outcome.extra, others: outcome.others), ledger, transaction)
        try ledger.addUnmapped(outcome.unmapped, of: stage, chunk: n, transaction)
        return renewed.outcome
    }

    private func compare(
        _ rows: [KeyedRow], _ vanished: Set<Int64>, _ range: KeyRange, _ worked: WorkedChunk,
        _ transaction: borrowing Transaction
    ) throws -> ChunkOutcome {
        switch job.subject {
        case .stream(let stream, let tables):
            return try compare(rows, vanished, range, worked, stream, tables, transaction)
        case .batch(let differences):
            if rows.isEmpty { return ChunkOutcome() }
            let condition = ChunkQuery.condition(rows.map(\.key), key: source.key, alias: "source")
            let (outcome, found) = try BatchComparison(statement: differences, source: source, text: job.ledgerText)
                .perform(where: condition, worked, transaction)
            job.differences.add(found)
            return outcome
        }
    }

    private func compare(
        _ rows: [KeyedRow], _ vanished: Set<Int64>, _ range: KeyRange, _ worked: WorkedChunk,
        _ stream: Pipelines.Stream, _ tables: StreamTables, _ transaction: borrowing Transaction
    ) throws -> ChunkOutcome {
        var reader = ChunkReader(stream, query: ChunkQuery(tables: tables, limits: job.limits))
        var batch = Batch()
        let keys = rows.map(\.key).filter { !worked.rejected.contains($0) }
        if !keys.isEmpty { try reader.read(keys: keys, into: &batch, transaction) }
        let rejected = rows.filter { worked.rejected.contains($0.key) }
        let found = try TargetComparison(tables, columns: reader.targetColumns, transaction).findings(
            batch.rows, of: batch.items.map(\.key) + rejected.map(\.key), and: vanished, in: range, transaction)
        let verdicts = ChunkVerdicts(
            batch: batch, worked: worked, rejected: rejected, tables: tables, text: job.ledgerText, rows: found,
            covers: try CoverComparison(tables: tables).findings(batch.items, transaction))
        job.differences.add(verdicts.differences)
        return verdicts.outcome
    }
}
