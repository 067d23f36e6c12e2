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
        try renew(ChangedChunk.find(n, of: stage, source, ledger, transaction), transaction)
    }

    /// Looks at some of what changed among some rows, in such a transaction.
    func perform(_ late: ArraySlice<LateRow>, _ transaction: borrowing Transaction) throws -> RenewalOutcome {
        try renew(ChangedChunk.find(late, of: stage, source, ledger, transaction), transaction)
    }

    /// A changed chunk, those of its rows that are looked at, and what was made of them.
    private struct Part {
        let changed: ChangedChunk
        let rows: [KeyedRow]
        let worked: WorkedChunk

        /// Those that are not read again: they may have been rejected because reading them ended the worker.
        var rejected: [KeyedRow] { rows.filter { worked.rejected.contains($0.key) } }
    }

    private func renew(_ chunks: [ChangedChunk], _ transaction: borrowing Transaction) throws -> RenewalOutcome {
        let chunks = chunks.filter { $0.chunk.origin != nil }
        if chunks.isEmpty { return RenewalOutcome() }
        var left = Int(Self.rows)
        let rows = chunks.map { changed in
            let rows = (changed.changes.new + changed.changes.rewritten).prefix(left)
            left -= rows.count
            return Array(rows)
        }
        let worked = try ledger.workedChunks(
            chunks.map { ($0.chunk.origin ?? 0, $0.chunk.range) }, keyTypes: source.key.map(\.ordering), of: job.origin,
            knowing: Set(rows.joined().map(\.hash)), transaction)
        let parts = chunks.indices.map { Part(changed: chunks[$0], rows: rows[$0], worked: worked[$0]) }
        let outcomes = try compare(parts, transaction)
        let renewed = zip(parts, outcomes).map { part, outcome in
            var renewed = RenewedRows(
                part.changed, adding: ChunkAdditions(extra: outcome.extra, others: outcome.others))
            for index in 0..<outcome.seen.count {
                renewed.add(outcome.seen.row(at: index), mark: outcome.seen.mark(at: index))
            }
            return renewed
        }
        try RenewedRows.store(renewed, of: stage, ledger, transaction)
        for (part, outcome) in zip(parts, outcomes) {
            try ledger.addUnmapped(outcome.unmapped, of: stage, chunk: part.changed.chunk.n, transaction)
        }
        return renewed.reduce(into: RenewalOutcome()) { $0 += $1.outcome }
    }

    private func compare(_ parts: [Part], _ transaction: borrowing Transaction) throws -> [ChunkOutcome] {
        switch job.subject {
        case .stream(let stream, let tables): return try compare(parts, stream, tables, transaction)
        case .batch(let differences):
            let comparison = BatchComparison(statement: differences, source: source, text: job.ledgerText)
            return try parts.map { part in
                if part.rows.isEmpty { return ChunkOutcome() }
                let condition = ChunkQuery.condition(part.rows.map(\.key), key: source.key, alias: "source")
                let (outcome, found) = try comparison.perform(where: condition, part.worked, transaction)
                job.differences.add(found)
                return outcome
            }
        }
    }

    /// Reads and compares the rows of all parts at once, and judges them part by part.
    private func compare(
        _ parts: [Part], _ stream: Pipelines.Stream, _ tables: StreamTables, _ transaction: borrowing Transaction
    ) throws -> [ChunkOutcome] {
        var reader = ChunkReader(stream, query: ChunkQuery(tables: tables, limits: job.limits))
        var batch = Batch()
        let rejected = parts.flatMap(\.rejected).map(\.key)
        let keys = Set(parts.flatMap(\.rows).map(\.key)).subtracting(rejected)
        if !keys.isEmpty { try reader.read(keys: Array(keys), into: &batch, transaction) }
        var found = try TargetComparisons(tables, transaction).findings(
            batch.rows, of: batch.items.map(\.key) + rejected, and: VanishedRows(parts.map(\.changed)), transaction)
        let covers = try CoverComparison(tables: tables).findings(batch.items, transaction)
        return parts.enumerated().map { place, part in
            let own = Set(part.rows.map(\.key))
            let isLast = place == parts.count - 1
            // What belongs to no row of the source is as wrong in one part as in another.
            let ofPart = isLast ? found : found.filter { own.contains($0.key) }
            found.removeAll { own.contains($0.key) }
            let verdicts = ChunkVerdicts(
                batch: batch, items: batch.items.indices.filter { own.contains(batch.items[$0].key) },
                worked: part.worked, rejected: part.rejected, tables: tables, text: job.ledgerText, rows: ofPart,
                covers: covers)
            job.differences.add(verdicts.differences)
            return verdicts.outcome
        }
    }
}
