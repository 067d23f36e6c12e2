import Ledger
import Pipelines
import Postgres

/// What is in a stream's target, and in the column that it writes back to, that the run did not put there as it is: rows
/// that came later, or that others changed.
struct StreamRemains {
    let context: UndoContext
    let stage: String
    let stream: Pipelines.Stream

    /// A range of a chunk: what the source gives now, and what is there that is not so.
    struct Part {
        let batch: Batch
        /// What the chunk saw; nil where it was never done.
        let worked: WorkedChunk?
        let range: KeyRange
        var rows: [TargetComparison.Finding]
        var values: [WrittenBack.Stranger]
    }

    private var ledger: Ledger { context.site.ledger }

    /// Looks through everything; false where the tables cannot be compared any more. `onlyOwn` leaves out what stays:
    /// rows that were there before or belong to source rows that the run never saw, and the values of others.
    func find(onlyOwn: Bool, into strangers: inout Strangers) throws -> Bool {
        let chunks = try look { transaction -> [(n: Int64, isDone: Bool, range: KeyRange)]? in
            do {
                let tables = try StreamTables(stream, schema: context.schema, transaction)
                return try ledger.chunkRanges(of: chunked(tables), transaction)
            } catch is Failure {
                // A column that it read, say, is gone.
                return nil
            }
        }
        guard let chunks else { return false }
        for chunk in chunks {
            try context.site.throwIfStopping()
            var rest: KeyRange? = chunk.range
            while let range = rest {
                let (part, differences) = try look { transaction in
                    let tables = try StreamTables(stream, schema: context.schema, transaction)
                    var part = try read(chunk.n, isDone: chunk.isDone, range, tables, transaction)
                    if onlyOwn {
                        part.values = []
                        part.rows = try OwnRows(context: context, stage: stage, chunk: chunk.n, tables: tables)
                            .among(part.rows, transaction)
                    }
                    return (part, part.differences(tables))
                }
                strangers.add(differences, count: part.rows.count + part.values.count)
                rest = part.batch.end.map { KeyRange(above: $0, through: range.upper) }
            }
        }
        return true
    }

    private func look<R>(_ work: (borrowing Transaction) throws -> R) throws -> R {
        var settings = context.site.looking
        settings.isolation = .repeatableRead
        return try context.session.perform("looking at what stage \(stage) wrote") { connection in
            try connection.transaction(settings) { try work($0) }
        }
    }

    func chunked(_ tables: StreamTables) -> ChunkedStage {
        ChunkedStage(run: context.run, name: stage, keyColumns: tables.source.key.count)
    }

    /// Looks at a range of a chunk, as far as one batch goes. A chunk that was never done gave nothing.
    func read(
        _ n: Int64, isDone: Bool, _ range: KeyRange, _ tables: StreamTables, _ transaction: borrowing Transaction
    ) throws -> Part {
        var reader = ChunkReader(stream, query: ChunkQuery(tables: tables, limits: context.limits))
        var batch = Batch()
        let worked = isDone ? try ledger.workedChunk(n, of: chunked(tables), transaction) : nil
        if let worked { try reader.read(range, except: worked.rejected, into: &batch, transaction) }
        let seen = KeyRange(above: range.lower, through: batch.end ?? range.upper)
        let comparison = try TargetComparisons(tables, transaction)
        return Part(
            batch: batch, worked: worked, range: seen,
            rows: try comparison.findings(batch.rows, in: seen, transaction).filter(\.isFound),
            values: try WrittenBack(tables: tables, worked: worked).strangers(in: seen, transaction))
    }
}

extension StreamRemains.Part {
    func differences(_ tables: StreamTables) -> [Difference] {
        let text = tables.ledgerText
        return rows.flatMap { $0.differences(isStale: false, text) }
            + values.map { value in
                let (found, expected) = Difference.excerpts(value.value, nil, text)
                return Difference(
                    kind: .setByOthers, isStale: false, table: tables.source.name.description,
                    key: text.printable(value.key.description), place: tables.writeBack?.name ?? "", found: found,
                    expected: expected)
            }
    }
}
