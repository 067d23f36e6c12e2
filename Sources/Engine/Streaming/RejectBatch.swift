import Ledger
import Pipelines
import Postgres

/// Some open rejects of a stage, tried again in one transaction together with all that the ledger says of them.
struct RejectBatch {
    /// What came of trying some.
    enum Result {
        /// There are none after the given one.
        case none
        /// Their documents are more than a batch may hold; nothing was written.
        case tooMuch
        /// All of them were tried.
        case tried(Outcome)
    }

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
        writer = ChunkWriter(tables: tables, mode: .merge(.replace))
    }

    /// Tries the open rejects after a given one. `carefully` finds out which rows the server
    /// refuses.
    mutating func perform(
        after last: Int64, limit: Int64, carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> Result {
        let rejects = try ledger.lockOpenRejects(of: stage, after: last, limit: limit, transaction)
        guard let newest = rejects.last else { return .none }
        var batch = Batch()
        do {
            try transaction.savepoint {
                try reader.read(keys: rejects.map(\.record.key), into: &batch, transaction)
            }
        } catch let error as PostgresError where error.errorClass == .row {
            // A row that the server cannot give stays as it is; among others it is looked for.
            return rejects.count == 1 ? .tried(Outcome(last: newest.id)) : .tooMuch
        }
        if batch.end != nil { return .tooMuch }
        let found =
            carefully
            ? try writer.writeCarefully(&batch, transaction) : try writer.write(&batch, transaction)
        try ledger.addFound(found.keys, of: stage, transaction)
        let adopted = Set(found.adopted)
        let places = Dictionary(uniqueKeysWithValues: batch.items.indices.map { (batch.items[$0].key, $0) })
        var outcome = Outcome(last: newest.id)
        for reject in rejects {
            let result =
                places[reject.record.key].map { batch.retryOutcome(at: $0, adopted: adopted) }
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
        return .tried(outcome)
    }
}

extension Batch {
    /// What became of one row, as the ledger takes it.
    fileprivate func retryOutcome(at index: Int, adopted: Set<Key>) -> RetryOutcome {
        let fate: RetryOutcome.Fate =
            switch items[index].fate {
            case .migrated(let start, let end):
                .migrated(
                    rows: Int64(end.rows(since: start)), isAdopted: adopted.contains(items[index].key))
            case .empty: .empty
            case .rejected(let record): .rejected(record)
            }
        var row = seen.row(at: index)
        row.fate = items[index].fate.letter
        return RetryOutcome(fate, seen: (row, seen.mark(at: index)), unmapped: unmapped[index])
    }
}
