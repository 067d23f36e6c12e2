import Ledger
import Pipelines
import Postgres
import Transforms

/// What the workers of a stream stage need to know.
struct StreamJob: Sendable {
    let stream: Pipelines.Stream
    let tables: StreamTables
    let limits: BatchLimits
    let mode: ChunkWriter.Mode
    let ample = AmpleDocuments()
}

/// Reads the rows of a chunk, transforms them, and writes what they give.
final class StreamTask {
    private var reader: ChunkReader
    private let writer: ChunkWriter
    private var batch = Batch()

    init(_ job: StreamJob) {
        reader = ChunkReader(
            job.stream, query: ChunkQuery(tables: job.tables, limits: job.limits), ample: job.ample)
        writer = ChunkWriter(tables: job.tables, mode: job.mode)
    }

    func perform(_ claim: Claim, carefully: Bool, _ transaction: borrowing Transaction) throws -> ChunkResult {
        defer { batch.removeAll() }
        do {
            try reader.read(claim.range, into: &batch, transaction)
        } catch let error as PostgresError where error.errorClass == .row {
            throw Unworkable(error: error, code: error.serverError?.sqlstate == "54000" ? .tooLarge : .badText)
        }
        let found =
            carefully
            ? try writer.writeCarefully(&batch, transaction) : try writer.write(&batch, transaction)
        var outcome = batch.outcome
        outcome.adopted = Int64(found.adopted.count)
        outcome.kept = Int64(found.kept.count)
        outcome.targetRows -= found.unwritten
        return ChunkResult(outcome: outcome, rejects: batch.rejects, found: found.keys, end: batch.end)
    }
}
