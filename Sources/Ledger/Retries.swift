public import Postgres

/// What trying a rejected row again changes in the counts of its chunk.
public struct RetryOutcome: Sendable {
    /// What became of the row.
    public enum Fate: Sendable {
        /// Its rows are in the target now. Adopted: they were there already.
        case migrated(rows: Int64, isAdopted: Bool = false)
        /// It gives no row now.
        case empty
        /// It is not there any more.
        case gone
        /// It is rejected again.
        case rejected(RejectRecord)
    }

    /// What became of the row.
    public let fate: Fate
    /// What was seen of it, and its mark; nil where it is gone.
    public let seen: (row: SeenRow, mark: Int64)?
    /// Its keys that nothing reads.
    public let unmapped: [[UInt8]]

    /// How many rows of the target it gave.
    var rows: Int64 { if case .migrated(let rows, _) = fate { rows } else { 0 } }

    /// What else it changes in the counts.
    var additions: ChunkAdditions {
        let isAdopted = if case .migrated(_, isAdopted: true) = fate { true } else { false }
        return ChunkAdditions(gone: seen == nil ? 1 : 0, adopted: isAdopted ? 1 : 0)
    }

    /// An outcome.
    public init(_ fate: Fate, seen: (row: SeenRow, mark: Int64)?, unmapped: [[UInt8]]) {
        self.fate = fate
        self.seen = seen
        self.unmapped = unmapped
    }
}

extension Ledger {
    /// Locks open and accepted rejects of a stage in the order in which they were recorded, after a given one.
    public func lockOpenRejects(
        of stage: ChunkedStage, after last: Int64, limit: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [OpenReject] {
        try readRejects(
            of: stage, "state <> 'resolved' and id > \(.int(last)) order by id limit \(.int(limit)) for update",
            transaction)
    }

    /// Records what came of trying a reject again: the reject, its chunk's counts, and what was seen.
    public func settle(
        _ reject: OpenReject, as outcome: RetryOutcome, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let printed = reject.record.key.printed
        let hash = try transaction.row("select hashtextextended(\(printed) collate \"C\", 0)").int(0)
        guard var chunk = try lockDoneChunk(reject.chunk, of: stage, transaction),
            let index = chunk.rows.firstIndex(where: { $0.keyHash == hash })
        else {
            throw .unexpectedAnswer("chunk \(reject.chunk) has not seen the row of reject \(reject.id)")
        }
        let old = chunk.rows[index]
        if case .rejected(let record) = outcome.fate {
            // What was accepted was another row.
            let isAnother = outcome.seen?.row.xmin != old.xmin
            try reopen(reject.id, as: record, isAnother: isAnother, transaction)
        } else {
            try resolve([reject.id], transaction)
        }
        if let seen = outcome.seen { chunk.rows[index] = seen.row } else { chunk.rows.remove(at: index) }
        chunk.sum += Int128(outcome.seen?.mark ?? 0)
        chunk.sum -= try sumsOfMarks([[(reject.record.key, old.xmin)]], transaction)[0]
        try renew(
            [ChunkRenewal(chunk, targetRows: .grew(by: outcome.rows), adding: outcome.additions)], of: stage,
            transaction)
        if case .rejected = outcome.fate { return }
        try addUnmapped(
            Dictionary(outcome.unmapped.map { ($0, 1) }, uniquingKeysWith: +), of: stage, chunk: reject.chunk,
            transaction)
    }
}

extension Key {
    /// The key as it is hashed: its text, or where it is composite the text of an array.
    var printed: SQL { parts.count == 1 ? "\(.bytesOfText(parts[0]))" : "\(.textArray(parts))::text" }
}
