import Ledger
import Pipelines
import Postgres
import Transforms

/// Reads a chunk and transforms each row as it arrives, so that no document is kept.
struct ChunkReader {
    let query: ChunkQuery
    /// What the workers of a stage share; nil where there is but one.
    private let ample: AmpleDocuments?
    private var transform: Transform

    init(_ stream: Pipelines.Stream, query: ChunkQuery, ample: AmpleDocuments? = nil) {
        self.query = query
        self.ample = ample
        transform = Transform(stream.transform, tables: query.tables)
    }

    /// Fills a batch with the rows of a range, up to the batch's limit of bytes.
    mutating func read(_ range: KeyRange, into batch: inout Batch, _ transaction: borrowing Transaction) throws {
        try read(ChunkQuery.condition(range, key: query.tables.source.key, alias: "s"), into: &batch, transaction)
    }

    /// Fills a batch with the rows of a range, some left out, up to the batch's limit of bytes.
    mutating func read(
        _ range: KeyRange, except keys: Set<Key>, into batch: inout Batch, _ transaction: borrowing Transaction
    ) throws {
        var condition = ChunkQuery.condition(range, key: query.tables.source.key, alias: "s")
        if !keys.isEmpty {
            let left = ChunkQuery.condition(Array(keys), key: query.tables.source.key, alias: "s")
            condition = "\(condition) and not (\(left))"
        }
        try read(condition, into: &batch, transaction)
    }

    /// Fills a batch with the rows of some keys.
    mutating func read(keys: [Key], into batch: inout Batch, _ transaction: borrowing Transaction) throws {
        try read(ChunkQuery.condition(keys, key: query.tables.source.key, alias: "s"), into: &batch, transaction)
    }

    private mutating func read(
        _ condition: SQL, into batch: inout Batch, _ transaction: borrowing Transaction
    ) throws {
        batch.removeAll()
        // The statement's time runs while others are waited for.
        let patience = transaction.settings.statement / 2
        try transaction.copyOut(query.select(where: condition)) { tuple in
            if batch.end == nil { try take(tuple, into: &batch, waiting: patience) }
        }
    }

    /// Waits so many seconds for other workers, where a document gives very many rows. Where that is not enough, the batch ends
    /// before it; if it is the first one, memory has to do.
    private mutating func take(
        _ tuple: borrowing CopyTuple, into batch: inout Batch, waiting patience: Double
    ) throws {
        guard let xmin = tuple.uint32(ChunkQuery.xmin), let hash = tuple.int64(ChunkQuery.keyHash),
            let mark = tuple.int64(ChunkQuery.mark), let flags = tuple.int32(ChunkQuery.flags)
        else { throw PostgresError.unexpectedAnswer("a source row that is not whole") }
        // The first row always goes in, or a chunk with one large document would never end.
        // Many small sections take more bytes than the document that they come from.
        let isFull =
            flags & ChunkQuery.Flag.beyondLimit != 0 || max(batch.bytes, Int64(batch.rows.size)) >= query.limits.bytes
        if isFull, !Mutant.is(.readPastTheLimit), let last = batch.items.last {
            batch.end = last.key
            return
        }
        let key = Key((0..<query.tables.source.key.count).map { Array(tuple[query.keyText + $0] ?? .empty) })
        var item = Batch.Item(key: key, xmin: xmin, fate: .empty)
        var unmapped: [[UInt8]] = []
        let start = batch.rows.mark
        do throws(Reject) {
            // What compression hid from the server's estimate is seen here.
            let documents = documents(tuple)
            let isTooLarge = documents.contains { ($0?.count ?? 0) > query.limits.documentBytes }
            if isTooLarge || flags & ChunkQuery.Flag.tooLarge != 0 { throw tooLarge }
            if let ample, batch.turn == nil, AmpleDocuments.areAmple(documents) {
                batch.turn = ample.turn(within: patience)
                if batch.turn == nil, let last = batch.items.last {
                    batch.end = last.key
                    return
                }
            }
            let row = Transform.Row(
                keyText: tuple[query.keyText] ?? .empty, keyBinary: tuple[query.keyBinary] ?? .empty,
                documents: documents, carried: query.tables.carry.indices.map { tuple[query.carry + $0] })
            let outcome = try transform.apply(row, to: &batch.rows)
            if outcome.rows > 0 { item.fate = .migrated(from: start, to: batch.rows.mark) }
            item.cover = outcome.cover
            unmapped = outcome.unmapped
        } catch {
            item.fate = .rejected(error.record(of: key, query.tables.ledgerText))
        }
        for column in query.tables.columns.indices {
            batch.bytes += Int64(tuple[query.documents + column]?.count ?? 0)
        }
        batch.seen.append(keyHash: hash, xmin: xmin, mark: mark)
        batch.items.append(item)
        batch.unmapped.append(unmapped)
    }

    private var tooLarge: Reject {
        let columns = query.tables.columns.map(\.name.name).joined(separator: ", ")
        return Reject(
            .tooLarge, place: columns, problem: "larger than \(query.limits.documentBytes) bytes, not fetched")
    }

    private func documents(_ tuple: borrowing CopyTuple) -> [UnsafeRawBufferPointer?] {
        query.tables.columns.enumerated().map { index, column in
            let field = tuple[query.documents + index]
            // The binary form of jsonb is a version byte and then its text.
            return column.type == .jsonb ? field.map { UnsafeRawBufferPointer(rebasing: $0.dropFirst()) } : field
        }
    }
}

extension UnsafeRawBufferPointer {
    /// No bytes at all.
    static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}

extension Reject {
    /// The reject as the ledger keeps it.
    func record(of key: Key, _ text: LedgerText) -> RejectRecord {
        RejectRecord(
            key: key, code: code.rawValue, place: text.printable(place), message: text.printable(message))
    }
}
