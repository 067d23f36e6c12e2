import Ledger
import Postgres

/// What a chunk knows of its rows once some that changed were moved again: those keep what they are now, those that were not
/// come back with the next look, and those that vanished are known no more.
struct RenewedRows {
    private let chunk: DoneChunk
    private let changes: ChangedRows
    private let targetRows: ChunkRenewal.TargetRows
    private let additions: ChunkAdditions
    private var moved: [Int64: (row: SeenRow, mark: Int64)] = [:]

    init(_ part: ChangedChunk, targetRows: ChunkRenewal.TargetRows = .grew(by: 0), adding additions: ChunkAdditions) {
        chunk = part.chunk
        changes = part.changes
        self.targetRows = targetRows
        self.additions = additions
    }

    /// Takes what became of a row that was moved again.
    mutating func add(_ row: SeenRow, mark: Int64) { moved[row.keyHash] = (row, mark) }

    /// What was done, and whether rows are left that were not moved.
    var outcome: RenewalOutcome {
        let new = changes.new.count { moved[$0.hash] != nil }
        let rewritten = changes.rewritten.count { moved[$0.hash] != nil }
        let left = (changes.new + changes.rewritten).map(\.hash).filter { moved[$0] == nil }
        return RenewalOutcome(
            changes: SourceChanges(
                new: Int64(new), changed: Int64(rewritten), vanished: Int64(changes.vanished.count)),
            left: Set(left))
    }

    /// Stores what chunks know now.
    static func store(
        _ parts: [RenewedRows], of stage: ChunkedStage, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let drafts = parts.map(\.draft)
        let lacking = try ledger.sumsOfMarks(drafts.map(\.lacking), transaction)
        let tooMuch = try ledger.sumsOfMarks(drafts.map(\.tooMuch), transaction)
        let renewals = parts.indices.map { place in
            var chunk = drafts[place].chunk
            chunk.sum += lacking[place] - tooMuch[place]
            return ChunkRenewal(chunk, targetRows: parts[place].targetRows, adding: parts[place].additions)
        }
        try ledger.renew(renewals, of: stage, transaction)
    }

    /// A chunk as it is to be stored, but for its sum: only the server can tell the marks of rows as they were before.
    private struct Draft {
        var chunk: DoneChunk
        /// Rows whose marks the sum has yet to get.
        var lacking: [(key: Key, xmin: UInt32)] = []
        /// Rows whose marks it has yet to lose.
        var tooMuch: [(key: Key, xmin: UInt32)] = []
    }

    private var draft: Draft {
        switch changes.scope {
        case .range(let current): draft(of: current)
        case .keys(let gone): draft(without: gone)
        }
    }

    /// The rows of the range as they are known now.
    private func draft(of current: [KeyedRow]) -> Draft {
        let old = Dictionary(chunk.rows.map { ($0.keyHash, $0) }) { _, last in last }
        var draft = Draft(chunk: chunk)
        draft.chunk.rows = []
        draft.chunk.sum = 0
        for row in current {
            if let moved = moved[row.hash] {
                draft.chunk.rows.append(moved.row)
                draft.chunk.sum += Int128(moved.mark)
            } else if let known = old[row.hash] {
                draft.chunk.rows.append(known)
                if known.xmin == row.xmin {
                    draft.chunk.sum += Int128(row.mark)
                } else {
                    draft.lacking.append((row.key, known.xmin))
                }
            }
        }
        return draft
    }

    /// The rows that the chunk knew, with what changed; those that are new come last.
    private func draft(without gone: [LateRow]) -> Draft {
        let rewritten = changes.rewritten.filter { moved[$0.hash] != nil }
        let over = Dictionary(
            gone.map { ($0.hash, $0.key) } + rewritten.map { ($0.hash, $0.key) }
        ) { first, _ in first }
        var draft = Draft(chunk: chunk)
        draft.chunk.rows.removeAll(keepingCapacity: true)
        for known in chunk.rows {
            // Most are as they were, and there may be very many.
            guard let key = over[known.keyHash] else {
                draft.chunk.rows.append(known)
                continue
            }
            draft.tooMuch.append((key, known.xmin))
            if changes.vanished.contains(known.keyHash) { continue }
            draft.chunk.rows.append(moved[known.keyHash]?.row ?? known)
        }
        draft.chunk.rows += changes.new.compactMap { moved[$0.hash]?.row }
        draft.chunk.sum += moved.values.reduce(0) { $0 + Int128($1.mark) }
        return draft
    }
}

/// What came of moving the changed rows of a chunk again.
struct RenewalOutcome {
    var changes = SourceChanges()
    /// Those that were not moved, by the hashes of their keys.
    var left: Set<Int64> = []

    /// Whether some are left, for another transaction.
    var hasMore: Bool { !left.isEmpty }

    static func += (sum: inout RenewalOutcome, other: RenewalOutcome) {
        sum.changes += other.changes
        sum.left.formUnion(other.left)
    }
}
