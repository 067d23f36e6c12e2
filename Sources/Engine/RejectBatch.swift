import Ledger
import Pipelines
import Postgres

/// Some open rejects of a stage, tried again in one transaction together with all that the ledger says of them.
struct RejectBatch {
    /// What came of them.
    struct Outcome {
        /// The last reject that was tried.
        var last: Int64 = 0
        var resolved: Int64 = 0
        var gone: Int64 = 0
    }

    private let ledger: Ledger
    private let stage: ChunkedStage
    private var reader: ChunkReader
    private let writer: ChunkWriter

    init(ledger: Ledger, stage: ChunkedStage, stream: Pipelines.Stream, tables: StreamTables, limits: BatchLimits) {
        self.ledger = ledger
        self.stage = stage
        reader = ChunkReader(stream, query: ChunkQuery(tables: tables, limits: limits))
        writer = ChunkWriter(tables: tables, columns: reader.targetColumns, mode: .merge(.replace))
    }

    /// Tries the open rejects after a given one; nil when there are none. `carefully` finds out which rows the server
    /// refuses.
    mutating func perform(
        after last: Int64, limit: Int64, carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> Outcome? {
        let rejects = try ledger.lockOpenRejects(of: stage, after: last, limit: limit, transaction)
        guard let newest = rejects.last else { return nil }
        var batch = Batch()
        try reader.read(keys: rejects.map(\.record.key), into: &batch, transaction)
        _ =
            carefully
            ? try writer.writeCarefully(&batch, transaction) : try writer.write(&batch, transaction)
        let places = Dictionary(uniqueKeysWithValues: batch.items.indices.map { (batch.items[$0].key, $0) })
        var outcome = Outcome(last: newest.id)
        for reject in rejects {
            let result =
                places[reject.record.key].map { batch.retryOutcome(at: $0) }
                ?? RetryOutcome(.gone, seen: nil, unmapped: [])
            switch result.fate {
            case .rejected: break
            case .gone:
                outcome.gone += 1
                outcome.resolved += 1
            case .migrated, .empty: outcome.resolved += 1
            }
            try ledger.settle(reject, as: result, of: stage, transaction)
        }
        return outcome
    }
}

extension Batch {
    /// What became of one row, as the ledger takes it.
    fileprivate func retryOutcome(at index: Int) -> RetryOutcome {
        let fate: RetryOutcome.Fate =
            switch items[index].fate {
            case .migrated(let start, let end): .migrated(rows: Int64(end.rows(since: start)))
            case .empty: .empty
            case .rejected(let record): .rejected(record)
            }
        return RetryOutcome(fate, seen: seen.entry(at: index), unmapped: unmapped[index])
    }
}
