import Ledger
import Postgres
import Transforms

/// Writes a batch into its targets, and what goes back to the source, within the chunk's transaction.
struct ChunkWriter {
    /// How rows get into the targets.
    enum Mode: Equatable {
        /// By COPY: the targets were empty when the stage began, so nothing can be there.
        case direct
        /// Against what is there already.
        case merge(ExistingRows)
        /// Against what this run has written before: what a row gave once gives way to what it gives now, be it nothing.
        case renew
    }

    let tables: StreamTables
    let mode: Mode

    /// How long a row of the source that somebody else has locked is waited for. We hold locks on other rows meanwhile.
    private static let rowLock = 0.5

    /// Writes everything at once; a row that the server refuses makes it throw.
    func write(_ batch: inout Batch, _ transaction: borrowing Transaction) throws -> TargetMerge.Found {
        // Triggers on these tables are the application's, and expect its schema.
        try transaction.working(
            in: [tables.source.name.schema], lock: Self.rowLock, keepsToIndexes: mode == .direct
        ) {
            let found = try place(batch.rows, of: batch.items[...], transaction)
            note(try writeBack(batch.items.indices, of: batch, transaction), in: &batch)
            try keepWritten(&batch, transaction)
            return found
        }
    }

    /// Writes in halves, down to the rows that the server refuses, which become rejects.
    func writeCarefully(_ batch: inout Batch, _ transaction: borrowing Transaction) throws -> TargetMerge.Found {
        try transaction.working(in: [tables.source.name.schema], lock: Self.rowLock) {
            // What is checked at COMMIT only would be refused there, when it is too late to find the row.
            try transaction.run("set constraints all immediate")
            let found = try writeCarefully(batch.items.indices, of: &batch, transaction)
            try keepWritten(&batch, transaction)
            return found
        }
    }

    /// Notes which of the rows that we wrote a value to before still have it.
    private func keepWritten(_ batch: inout Batch, _ transaction: borrowing Transaction) throws {
        guard let column = tables.writeBack else { return }
        let kept = try WriteBack(source: tables.source, column: column).kept(of: batch, transaction)
        for (index, value) in kept { batch.seen.keep(value, at: index) }
    }

    private func writeCarefully(
        _ part: Range<Int>, of batch: inout Batch, _ transaction: borrowing Transaction
    ) throws -> TargetMerge.Found {
        if part.isEmpty { return TargetMerge.Found() }
        do {
            let (found, rewrites) = try transaction.savepoint {
                let found = try place(rows(part, of: batch), of: batch.items[part], transaction)
                return (found, try writeBack(part, of: batch, transaction))
            }
            note(rewrites, in: &batch)
            return found
        } catch let error as PostgresError where error.errorClass == .row {
            if part.count == 1 {
                if case .rejected = batch.items[part.lowerBound].fate { throw error }
                batch.items[part.lowerBound].fate = .rejected(record(error, of: batch.items[part.lowerBound].key))
                // What it gave before must not stay.
                return mode == .renew ? try writeCarefully(part, of: &batch, transaction) : TargetMerge.Found()
            }
            let middle = part.lowerBound + part.count / 2
            let first = try writeCarefully(part.lowerBound..<middle, of: &batch, transaction)
            if Mutant.is(.noHalving) { return first }
            return try first + writeCarefully(middle..<part.upperBound, of: &batch, transaction)
        }
    }

    private func note(_ rewrites: [WriteBack.Rewrite], in batch: inout Batch) {
        for rewrite in rewrites where !Mutant.is(.forgetOwnWrites) {
            batch.seen.rewrite(at: rewrite.index, xmin: rewrite.xmin, mark: rewrite.mark, value: rewrite.value)
        }
    }

    private func rows(_ part: Range<Int>, of batch: Batch) -> TargetRows {
        var rows = TargetRows()
        for item in batch.items[part] {
            if case .migrated(let start, let end) = item.fate { rows.append(rowsOf: batch.rows, from: start, to: end) }
        }
        return rows
    }

    private func record(_ error: PostgresError, of key: Key) -> RejectRecord {
        let sqlstate = error.serverError?.sqlstate ?? ""
        // What the server's encoding lacks, and what it cannot store as text.
        let code: RejectCode = ["22P05", "22021", "22P02"].contains(sqlstate) ? .badText : .refusedByServer
        let place = [error.serverError?.table, error.serverError?.column].compactMap(\.self).joined(separator: ".")
        // The message alone: detail and context quote data.
        let message = "\(error.serverError?.message ?? "refused") (SQLSTATE \(sqlstate))"
        return RejectRecord(key: key, code: code.rawValue, place: place, message: message)
    }

    private func place(
        _ rows: TargetRows, of items: ArraySlice<Batch.Item>, _ transaction: borrowing Transaction
    ) throws -> TargetMerge.Found {
        switch mode {
        case .direct:
            for (place, target) in tables.targets.enumerated() where rows[place].count > 0 {
                try transaction.copyIn(rows[place], into: "\(target.name)", columns: target.columns)
            }
            return TargetMerge.Found()
        case .merge(let existing):
            return try TargetMerge(tables: tables, existing: existing).merge(rows, of: items, transaction)
        case .renew:
            return try TargetMerge(tables: tables, existing: .replace, clearsRejected: true)
                .merge(rows, of: items, transaction)
        }
    }

    private func writeBack(
        _ part: Range<Int>, of batch: Batch, _ transaction: borrowing Transaction
    ) throws -> [WriteBack.Rewrite] {
        guard let column = tables.writeBack else { return [] }
        return try WriteBack(source: tables.source, column: column).perform(part, of: batch, transaction)
    }
}
