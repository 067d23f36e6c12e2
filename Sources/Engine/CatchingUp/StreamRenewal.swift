import Ledger
import Pipelines
import Postgres
import Transforms

/// Moves the rows of a stream's chunk again that came or changed since, and removes what those gave that vanished: by
/// difference, in one transaction with all that the ledger says of them.
struct StreamRenewal {
    /// How many rows are moved in one transaction at most: where foreign keys are, each keeps its source row locked until
    /// the commit.
    private static let rows = 250

    private let ledger: Ledger
    private let stage: ChunkedStage
    private let tables: StreamTables
    private var reader: ChunkReader
    /// How rows are written of which some were written before, and how those that were never seen.
    private let (renewing, adding): (ChunkWriter, ChunkWriter)
    /// The columns of each target that hold the source's key.
    private let parents: [[KeyColumn]]

    init(
        _ stream: Pipelines.Stream, tables: StreamTables, stage: ChunkedStage, terms: RenewalTerms, ledger: Ledger,
        _ transaction: borrowing Transaction
    ) throws {
        self.ledger = ledger
        self.stage = stage
        self.tables = tables
        reader = ChunkReader(stream, query: ChunkQuery(tables: tables, limits: terms.limits))
        renewing = ChunkWriter(tables: tables, mode: .renew)
        // What the target has for a row that this run never saw is somebody else's.
        adding = ChunkWriter(tables: tables, mode: .merge(terms.existing))
        parents = try tables.targets.map { try $0.parentKey(of: tables.source, transaction) }
    }

    /// Moves some of what changed in a chunk. `carefully` finds out which rows the server refuses.
    mutating func perform(
        _ n: Int64, carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> RenewalOutcome {
        try tables.lock(transaction)
        return try renew(
            ChangedChunk.find(n, of: stage, tables.source, ledger, transaction), carefully, transaction)
    }

    /// Moves some of what changed among some rows.
    mutating func perform(
        _ late: ArraySlice<LateRow>, carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> RenewalOutcome {
        try tables.lock(transaction)
        return try renew(
            ChangedChunk.find(late, of: stage, tables.source, ledger, transaction), carefully, transaction)
    }

    /// A chunk, and those of its rows that are moved now, by their places in the batch.
    private struct Part {
        let changed: ChangedChunk
        let items: [Int]
    }

    private mutating func renew(
        _ chunks: [ChangedChunk], _ carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> RenewalOutcome {
        if chunks.isEmpty { return RenewalOutcome() }
        try tables.refuseAltered(transaction)
        let isNew = chunks.allSatisfy(\.changes.rewritten.isEmpty)
        let rows = chunks.map { isNew ? $0.changes.new : $0.changes.rewritten }
        var batch = try read(rows.flatMap(\.self), of: chunks, transaction)
        let vanished = VanishedRows(chunks)
        var counts = TargetCounts(targets: tables.targets, parents: parents)
        if vanished.areKnownByKey { try counts.begin(batch.items.map(\.key) + vanished.keys, transaction) }
        let found = try write(&batch, isNew ? adding : renewing, carefully, transaction)
        if isNew { try ledger.addFound(found.keys, of: stage, transaction) }
        try remove(vanished, transaction)
        try counts.finish(transaction)
        let places = Dictionary(batch.items.enumerated().map { ($1.key, $0) }) { first, _ in first }
        let parts = zip(chunks, rows).map { chunk, rows in
            Part(changed: chunk, items: rows.compactMap { places[$0.key] })
        }
        try settleRejects(parts, of: batch, transaction)
        let (adopted, kept) = (isNew ? Set(found.adopted) : [], Set(found.kept))
        let renewed = try parts.map { part in
            let keys = part.items.map { batch.items[$0].key }
            let more = ChunkAdditions(
                gone: Int64(part.changed.changes.vanished.count), adopted: Int64(keys.count { adopted.contains($0) }),
                kept: Int64(keys.count { kept.contains($0) }))
            let targetRows = try counts.rows(of: part.changed, isNew ? .new(keys) : .known(keys), transaction)
            var renewed = RenewedRows(part.changed, targetRows: targetRows, adding: more)
            for index in part.items {
                var row = batch.seen.row(at: index)
                row.fate = batch.items[index].fate.letter
                renewed.add(row, mark: batch.seen.mark(at: index))
            }
            return renewed
        }
        try RenewedRows.store(renewed, of: stage, ledger, transaction)
        try addUnmapped(parts, of: batch, transaction)
        return renewed.reduce(into: RenewalOutcome()) { $0 += $1.outcome }
    }

    /// Reads the first of the rows that changed, as many as a transaction may hold.
    private mutating func read(
        _ rows: [KeyedRow], of parts: [ChangedChunk], _ transaction: borrowing Transaction
    ) throws -> Batch {
        var keys = rows.prefix(Self.rows).map(\.key)
        var batch = Batch()
        while !keys.isEmpty {
            do {
                try transaction.savepoint { try reader.read(keys: keys, into: &batch, transaction) }
                break
            } catch let error as PostgresError where error.errorClass == .row {
                guard keys.count == 1 else {
                    keys.removeLast(keys.count / 2)
                    continue
                }
                batch.removeAll()
                unreadable(rows.first { $0.key == keys[0] }, error, &batch)
                break
            }
        }
        let wanted = Set(batch.items.indices.map { batch.seen.row(at: $0).keyHash })
        let known = parts.flatMap(\.chunk.rows).filter { wanted.contains($0.keyHash) }
        let old = Dictionary(known.map { ($0.keyHash, $0.written) }) { _, last in last }
        for index in batch.items.indices {
            batch.items[index].written = old[batch.seen.row(at: index).keyHash] ?? nil
        }
        return batch
    }

    /// A row that the server cannot give is a reject.
    private func unreadable(_ row: KeyedRow?, _ error: PostgresError, _ batch: inout Batch) {
        guard let row else { return }
        let code: RejectCode = error.serverError?.sqlstate == "54000" ? .tooLarge : .badText
        let record = RejectRecord(
            key: row.key, code: code.rawValue, place: "",
            message: "the server cannot give this row: \(error.serverError?.message ?? "")")
        batch.items = [Batch.Item(key: row.key, xmin: row.xmin, fate: .rejected(record))]
        batch.unmapped = [[]]
        batch.seen.append(keyHash: row.hash, xmin: row.xmin, mark: row.mark)
    }

    private func write(
        _ batch: inout Batch, _ writer: ChunkWriter, _ carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> TargetMerge.Found {
        if batch.items.isEmpty { return TargetMerge.Found() }
        return carefully ? try writer.writeCarefully(&batch, transaction) : try writer.write(&batch, transaction)
    }

    /// Removes what rows gave that are not there any more, where no foreign key did.
    private func remove(_ vanished: VanishedRows, _ transaction: borrowing Transaction) throws {
        if vanished.isEmpty { return }
        try transaction.working(in: [tables.source.name.schema], lock: transaction.settings.lock) {
            for (target, parent) in zip(tables.targets, parents).reversed() {
                let condition = vanished.condition(parent: parent)
                try transaction.run("delete from \(target.name) t where \(target.isOurs) and \(condition)")
            }
        }
    }

    /// Records what rows of a batch, by their places, were rejected, which are rejected no more, and which still are.
    private func settleRejects(
        _ parts: [Part], of batch: Batch, _ transaction: borrowing Transaction
    ) throws {
        let known = try ledger.lockRejects(of: stage, inChunks: parts.map(\.changed.chunk.n), transaction)
        var over: [Int64] = []
        for part in parts {
            let chunk = part.changed.chunk
            var open = Dictionary((known[chunk.n] ?? []).map { ($0.record.key, $0) }) { first, _ in first }
            var new: [RejectRecord] = []
            for item in part.items.map({ batch.items[$0] }) {
                let before = open.removeValue(forKey: item.key)
                guard case .rejected(let record) = item.fate else {
                    if let before { over.append(before.id) }
                    continue
                }
                if let before {
                    try ledger.reopen(before.id, as: record, isAnother: true, transaction)
                } else {
                    new.append(record)
                }
            }
            if !open.isEmpty, !part.changed.changes.vanished.isEmpty {
                over += part.changed.changes.gone(among: Set(open.keys)).compactMap { open[$0]?.id }
            }
            let claim = Claim(n: chunk.n, range: chunk.range, attempt: 1)
            try ledger.addRejects(new, in: claim, of: stage, transaction)
        }
        try ledger.resolve(over, transaction)
    }

    /// Records the keys of the documents that nothing reads.
    private func addUnmapped(
        _ parts: [Part], of batch: Batch, _ transaction: borrowing Transaction
    ) throws {
        for part in parts {
            var unmapped: [[UInt8]: Int64] = [:]
            for name in part.items.flatMap({ batch.unmapped[$0] }) { unmapped[name, default: 0] += 1 }
            try ledger.addUnmapped(unmapped, of: stage, chunk: part.changed.chunk.n, transaction)
        }
    }
}
