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

    /// Changed rows of all chunks that are treated alike, and what became of those of them that were moved.
    private struct Moved {
        var batch: Batch
        var found = TargetMerge.Found()
        private let places: [Key: Int]

        init(_ batch: Batch) {
            self.batch = batch
            places = Dictionary(batch.items.enumerated().map { ($1.key, $0) }) { first, _ in first }
        }

        var keys: [Key] { batch.items.map(\.key) }

        /// Which of some rows are among them, by their places in the batch.
        func items(of rows: [KeyedRow]) -> [Int] { rows.compactMap { places[$0.key] } }
    }

    /// A chunk, and those of its rows that are moved now, by their places in the batches.
    private struct Part {
        let changed: ChangedChunk
        let known: [Int]
        let new: [Int]
    }

    private mutating func renew(
        _ chunks: [ChangedChunk], _ carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> RenewalOutcome {
        if chunks.isEmpty { return RenewalOutcome() }
        try tables.refuseAltered(transaction)
        // Rows that a chunk knew first: what they gave may be in the way of others.
        var known = Moved(try read(chunks.flatMap(\.changes.rewritten), atMost: Self.rows, of: chunks, transaction))
        var new = Moved(
            try read(
                chunks.flatMap(\.changes.new), atMost: Self.rows - known.batch.items.count, of: chunks, transaction))
        let vanished = VanishedRows(chunks)
        var counts = TargetCounts(targets: tables.targets, parents: parents)
        if vanished.areKnownByKey { try counts.begin(known.keys + new.keys + vanished.keys, transaction) }
        try write(&known, renewing, carefully, transaction)
        try write(&new, adding, carefully, transaction)
        try ledger.addFound(new.found.keys, of: stage, transaction)
        try remove(vanished, transaction)
        try counts.finish(transaction)
        let parts = chunks.map { chunk in
            Part(
                changed: chunk, known: known.items(of: chunk.changes.rewritten), new: new.items(of: chunk.changes.new))
        }
        try settleRejects(parts, known.batch, new.batch, transaction)
        let (adopted, kept) = (Set(new.found.adopted), Set(new.found.kept))
        let renewed = try parts.map { part in
            let keys = part.new.map { new.batch.items[$0].key }
            let more = ChunkAdditions(
                gone: Int64(part.changed.changes.vanished.count), adopted: Int64(keys.count { adopted.contains($0) }),
                kept: Int64(keys.count { kept.contains($0) }))
            let targetRows = try counts.rows(
                of: part.changed, knew: part.known.map { known.batch.items[$0].key }, new: keys, transaction)
            var renewed = RenewedRows(part.changed, targetRows: targetRows, adding: more)
            for (batch, items) in [(known.batch, part.known), (new.batch, part.new)] {
                for index in items {
                    var row = batch.seen.row(at: index)
                    row.fate = batch.items[index].fate.letter
                    renewed.add(row, mark: batch.seen.mark(at: index))
                }
            }
            return renewed
        }
        try RenewedRows.store(renewed, of: stage, ledger, transaction)
        try addUnmapped(parts, known.batch, new.batch, transaction)
        return renewed.reduce(into: RenewalOutcome()) { $0 += $1.outcome }
    }

    /// Reads the first of some rows that changed.
    private mutating func read(
        _ rows: [KeyedRow], atMost limit: Int, of parts: [ChangedChunk], _ transaction: borrowing Transaction
    ) throws -> Batch {
        var keys = rows.prefix(limit).map(\.key)
        var batch = Batch()
        if keys.isEmpty { return batch }
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
        _ moved: inout Moved, _ writer: ChunkWriter, _ carefully: Bool, _ transaction: borrowing Transaction
    ) throws {
        if moved.batch.items.isEmpty { return }
        moved.found =
            carefully
            ? try writer.writeCarefully(&moved.batch, transaction) : try writer.write(&moved.batch, transaction)
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
    private func settleRejects(
        _ parts: [Part], _ rewritten: Batch, _ added: Batch, _ transaction: borrowing Transaction
    ) throws {
        let known = try ledger.lockRejects(of: stage, inChunks: parts.map(\.changed.chunk.n), transaction)
        var over: [Int64] = []
        for part in parts {
            let chunk = part.changed.chunk
            var open = Dictionary((known[chunk.n] ?? []).map { ($0.record.key, $0) }) { first, _ in first }
            var new: [RejectRecord] = []
            for item in part.known.map({ rewritten.items[$0] }) + part.new.map({ added.items[$0] }) {
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
        _ parts: [Part], _ rewritten: Batch, _ added: Batch, _ transaction: borrowing Transaction
    ) throws {
        for part in parts {
            let names = part.known.flatMap { rewritten.unmapped[$0] } + part.new.flatMap { added.unmapped[$0] }
            var unmapped: [[UInt8]: Int64] = [:]
            for name in names { unmapped[name, default: 0] += 1 }
            try ledger.addUnmapped(unmapped, of: stage, chunk: part.changed.chunk.n, transaction)
        }
    }
}
