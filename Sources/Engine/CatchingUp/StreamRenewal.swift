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

    /// A row that is moved, and what became of it.
    private struct MovedRow {
        let item: Batch.Item
        let seen: SeenRow
        let mark: Int64
        /// The keys of its documents that nothing reads.
        let unmapped: [[UInt8]]

        /// Those of a batch, by their keys.
        static func all(in batch: Batch) -> [Key: MovedRow] {
            let rows = batch.items.enumerated().map { index, item in
                var seen = batch.seen.row(at: index)
                seen.fate = item.fate.letter
                return MovedRow(
                    item: item, seen: seen, mark: batch.seen.mark(at: index), unmapped: batch.unmapped[index])
            }
            return Dictionary(rows.map { ($0.item.key, $0) }) { first, _ in first }
        }
    }

    /// A chunk, and those of its rows that are moved now.
    private struct Part {
        let changed: ChangedChunk
        /// Those that it knew.
        let known: [MovedRow]
        /// Those that it had not seen.
        let new: [MovedRow]

        var rows: [MovedRow] { known + new }
    }

    private mutating func renew(
        _ chunks: [ChangedChunk], _ carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> RenewalOutcome {
        if chunks.isEmpty { return RenewalOutcome() }
        try tables.refuseAltered(transaction)
        // Rows that a chunk knew first: what they gave may be in the way of others.
        var known = try read(chunks.flatMap(\.changes.rewritten).prefix(Self.rows), transaction)
        noteWritten(in: &known, of: chunks)
        var new = try read(chunks.flatMap(\.changes.new).prefix(Self.rows - known.items.count), transaction)
        let vanished = VanishedRows(chunks)
        var counts = TargetCounts(targets: tables.targets, parents: parents)
        if vanished.areKnownByKey {
            try counts.begin((known.items + new.items).map(\.key) + vanished.keys, transaction)
        }
        _ = try write(&known, renewing, carefully, transaction)
        let found = try write(&new, adding, carefully, transaction)
        try ledger.addFound(found.keys, of: stage, transaction)
        try remove(vanished, transaction)
        try counts.finish(transaction)
        let (movedKnown, movedNew) = (MovedRow.all(in: known), MovedRow.all(in: new))
        let parts = chunks.map { chunk in
            Part(
                changed: chunk, known: chunk.changes.rewritten.compactMap { movedKnown[$0.key] },
                new: chunk.changes.new.compactMap { movedNew[$0.key] })
        }
        try settleRejects(parts, transaction)
        let (adopted, kept) = (Set(found.adopted), Set(found.kept))
        let renewed = try parts.map { part in
            let keys = part.new.map(\.item.key)
            let more = ChunkAdditions(
                gone: Int64(part.changed.changes.vanished.count), adopted: Int64(keys.count { adopted.contains($0) }),
                kept: Int64(keys.count { kept.contains($0) }))
            let targetRows = try counts.rows(
                of: part.changed, knew: part.known.map(\.item.key), new: keys, transaction)
            var renewed = RenewedRows(part.changed, targetRows: targetRows, adding: more)
            for row in part.rows { renewed.add(row.seen, mark: row.mark) }
            return renewed
        }
        try RenewedRows.store(renewed, of: stage, ledger, transaction)
        try addUnmapped(parts, transaction)
        return renewed.reduce(into: RenewalOutcome()) { $0 += $1.outcome }
    }

    /// Reads rows that changed, as many of the first as the server can give and a batch may hold.
    private mutating func read(
        _ rows: ArraySlice<KeyedRow>, _ transaction: borrowing Transaction
    ) throws -> Batch {
        var keys = rows.map(\.key)
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
        return batch
    }

    /// Notes what we wrote back to rows that their chunks knew.
    private func noteWritten(in batch: inout Batch, of chunks: [ChangedChunk]) {
        if batch.items.isEmpty { return }
        let wanted = Set(batch.items.indices.map { batch.seen.row(at: $0).keyHash })
        let known = chunks.flatMap(\.chunk.rows).filter { wanted.contains($0.keyHash) }
        let old = Dictionary(known.map { ($0.keyHash, $0.written) }) { _, last in last }
        for index in batch.items.indices {
            batch.items[index].written = old[batch.seen.row(at: index).keyHash] ?? nil
        }
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

    /// Records which rows were rejected, which are rejected no more, and which still are.
    private func settleRejects(_ parts: [Part], _ transaction: borrowing Transaction) throws {
        let known = try ledger.lockRejects(of: stage, inChunks: parts.map(\.changed.chunk.n), transaction)
        var over: [Int64] = []
        for part in parts {
            let chunk = part.changed.chunk
            var open = Dictionary((known[chunk.n] ?? []).map { ($0.record.key, $0) }) { first, _ in first }
            var new: [RejectRecord] = []
            for item in part.rows.map(\.item) {
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
    private func addUnmapped(_ parts: [Part], _ transaction: borrowing Transaction) throws {
        for part in parts {
            var unmapped: [[UInt8]: Int64] = [:]
            for name in part.rows.flatMap(\.unmapped) { unmapped[name, default: 0] += 1 }
            try ledger.addUnmapped(unmapped, of: stage, chunk: part.changed.chunk.n, transaction)
        }
    }
}
