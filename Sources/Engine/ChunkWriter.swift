import Ledger
import Postgres
import Transforms

/// Writes a batch into the target, and what goes back to the source, within the chunk's transaction.
struct ChunkWriter {
    /// How rows get into the target.
    enum Mode: Equatable {
        /// By COPY: the target was empty when the stage began, so nothing can be there.
        case direct
        /// Against what is there already.
        case merge(ExistingRows)
    }

    let tables: StreamTables
    let columns: [Identifier]
    let mode: Mode

    /// How long a row of the source that somebody else has locked is waited for. We hold locks on other rows meanwhile.
    private static let rowLock = 0.5

    /// A row of the source that we wrote to, and what it looks like since.
    private struct Rewrite {
        let index: Int
        let xmin: UInt32
        let mark: Int64
    }

    /// Writes everything at once; a row that the server refuses makes it throw.
    func write(_ batch: inout Batch, _ transaction: borrowing Transaction) throws -> TargetMerge.Found {
        // Triggers on these tables are the application's, and expect its schema.
        try transaction.working(in: [tables.source.name.schema], lock: Self.rowLock) {
            let found = try place(batch.rows, of: batch.items[...], transaction)
            note(try writeBack(batch.items.indices, of: batch, transaction), in: &batch)
            return found
        }
    }

    /// Writes in halves, down to the rows that the server refuses, which become rejects.
    func writeCarefully(_ batch: inout Batch, _ transaction: borrowing Transaction) throws -> TargetMerge.Found {
        try transaction.working(in: [tables.source.name.schema], lock: Self.rowLock) {
            // What is checked at COMMIT only would be refused there, when it is too late to find the row.
            try transaction.run("set constraints all immediate")
            return try writeCarefully(batch.items.indices, of: &batch, transaction)
        }
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
                batch.items[part.lowerBound].fate = .rejected(record(error, of: batch.items[part.lowerBound].key))
                return TargetMerge.Found()
            }
            let middle = part.lowerBound + part.count / 2
            let first = try writeCarefully(part.lowerBound..<middle, of: &batch, transaction)
            return try first + writeCarefully(middle..<part.upperBound, of: &batch, transaction)
        }
    }

    private func note(_ rewrites: [Rewrite], in batch: inout Batch) {
        for rewrite in rewrites { batch.seen.rewrite(at: rewrite.index, xmin: rewrite.xmin, mark: rewrite.mark) }
    }

    private func rows(_ part: Range<Int>, of batch: Batch) -> CopyRows {
        var rows = CopyRows()
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
        _ rows: CopyRows, of items: ArraySlice<Batch.Item>, _ transaction: borrowing Transaction
    ) throws -> TargetMerge.Found {
        switch mode {
        case .direct:
            if rows.count > 0 { try transaction.copyIn(rows, into: "\(tables.target)", columns: columns) }
            return TargetMerge.Found()
        case .merge(let existing):
            return try TargetMerge(tables: tables, columns: columns, existing: existing)
                .merge(rows, of: items, transaction)
        }
    }

    /// Sets the value to write back where there is none yet (a JSON null is none, too) and the row is as it was read. A row
    /// that changed meanwhile is left as it is.
    private func writeBack(
        _ part: Range<Int>, of batch: Batch, _ transaction: borrowing Transaction
    ) throws -> [Rewrite] {
        guard let column = tables.writeBack else { return [] }
        var indices: [Int64] = []
        var xmins: [Int64] = []
        var covers: [[UInt8]] = []
        for index in part {
            let item = batch.items[index]
            guard let cover = item.cover else { continue }
            if case .rejected = item.fate { continue }
            indices.append(Int64(index))
            xmins.append(Int64(item.xmin))
            covers.append(cover)
        }
        if indices.isEmpty { return [] }
        let keys = tables.source.key.indices.map { place -> SQL in
            "\(.textArray(indices.map { batch.items[Int($0)].key.parts[place] }))"
        }
        let names = tables.source.key.indices.map { "k\($0)" }
        let matches = tables.source.key.enumerated().map { place, column in
            "s.\(column.name.quoted) = v.k\(place)::\(column.type)"
        }
        let values: SQL = """
            unnest(\(.intArray(indices)), \(.intArray(xmins)), \(.textArray(covers)),
                   \(SQL.joined(keys, separator: ", "))) as v (i, x, value, \(unsafe: names.joined(separator: ", ")))
            """
        let isToWrite: SQL = """
            \(unsafe: matches.joined(separator: " and ")) and s.xmin = v.x::text::xid
            and (s.\(column) is null or s.\(column) = 'null'::jsonb)
            """
        let written = try transaction.run(
            """
            update \(tables.source.name) s set \(column) = v.value::jsonb from \(values) where \(isToWrite)
            returning v.i, s.xmin::text, hashtextextended(\(unsafe: tables.source.printedKey(of: "s")) collate "C",
                                                          s.xmin::text::bigint)
            """)
        if written.count < indices.count {
            let left = try transaction.row("select count(*) from \(tables.source.name) s, \(values) where \(isToWrite)")
            guard left.int(0) == 0 else {
                throw PostgresError.copyCountDiffers(
                    table: tables.source.name.description, sent: written.count + Int(left.int(0) ?? 0),
                    stored: written.count
                )
            }
        }
        return written.rows.compactMap { row in
            guard let index = row.int(0), let xmin = row.int(1), let mark = row.int(2) else { return nil }
            return Rewrite(index: Int(index), xmin: UInt32(truncatingIfNeeded: xmin), mark: mark)
        }
    }
}
