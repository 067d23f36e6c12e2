import Ledger
import Pipelines
import Postgres

/// Takes back what a stream wrote to tables that stay: its rows in the target, and its values in the source. Chunk by chunk,
/// in the transaction that says that the chunk is to be done again.
///
/// Rows that were in the target before the run, and rows of source rows that it never saw, are not touched.
struct StreamRemoval {
    let context: UndoContext
    let stage: String
    let stream: Pipelines.Stream

    private var site: Site { context.site }
    private var remains: StreamRemains { StreamRemains(context: context, stage: stage, stream: stream) }

    /// What came of it.
    struct Outcome {
        var rows: Int64 = 0
        /// Values written back that others have changed since; they stay.
        var othersValues: Int64 = 0
    }

    /// Takes it all back.
    func perform() throws -> Outcome {
        let source = QualifiedName(schema: context.schema, name: stream.source.table)
        let targets = stream.targets.map { QualifiedName(schema: context.schema, name: $0.table) }
        let chunked = ChunkedStage(run: context.run, name: stage, keyColumns: stream.source.key.count)
        let parts = try context.takeBackChunks(
            of: chunked, locking: [source] + targets,
            preparing: { try StreamTables(stream, schema: context.schema, $0) }
        ) { tables, n, range, transaction in
            try tables.lockAgainstChange(transaction)
            return try takeBack(n, range, tables, transaction)
        }
        return parts.reduce(into: Outcome()) { sum, part in
            sum.rows += part.rows
            sum.othersValues += part.othersValues
        }
    }

    private func takeBack(
        _ n: Int64, _ range: KeyRange, _ tables: StreamTables, _ transaction: borrowing Transaction
    ) throws -> Outcome {
        var outcome = Outcome()
        let rows = OwnRows(context: context, stage: stage, chunk: n, tables: tables)
        // Held before they are compared, so that just what was compared is removed.
        let held = try transaction.working(in: [tables.source.name.schema], lock: UndoContext.rowLock) {
            try rows.hold(in: range, transaction)
        }
        var rest: KeyRange? = range
        while let range = rest {
            let part = try remains.read(n, isDone: true, range, tables, transaction)
            guard let worked = part.worked else { return outcome }
            if !context.discardsNew { try refuseChanged(try rows.among(part.rows, transaction), tables) }
            try transaction.working(in: [tables.source.name.schema], lock: UndoContext.rowLock) {
                outcome.rows += try rows.remove(held, in: part.range, transaction)
                try WrittenBack(tables: tables, worked: worked).takeBack(in: part.range, transaction)
            }
            outcome.othersValues += Int64(part.values.count(where: \.replacesOurs))
            rest = part.batch.end.map { KeyRange(above: $0, through: range.upper) }
        }
        return outcome
    }

    /// Somebody wrote to them since they were looked at.
    private func refuseChanged(_ rows: [TargetComparison.Finding], _ tables: StreamTables) throws {
        var strangers = Strangers()
        strangers.add(
            rows.flatMap { $0.differences(isStale: false, tables.ledgerText) }, count: rows.count)
        let command = site.command("undo", context.pipeline.name, ["--discard-new"])
        if let refusal = strangers.refusal(then: command) { throw refusal }
    }
}
