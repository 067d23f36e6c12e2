import Ledger
import Postgres

/// What is to be said of each source row of a chunk that was looked at again.
///
/// In this order: *equal*, whoever wrote to the row since; *stale*, where it differs and was written to since it was
/// migrated; *wrong*.
struct ChunkVerdicts {
    private(set) var outcome = ChunkOutcome()
    private(set) var differences: [Difference] = []

    private let batch: Batch
    private let worked: WorkedChunk
    private let tables: StreamTables
    private let text: LedgerText

    init(
        batch: Batch, worked: WorkedChunk, tables: StreamTables, text: LedgerText,
        rows: [TargetComparison.Finding], covers: [CoverComparison.Finding]
    ) {
        self.batch = batch
        self.worked = worked
        self.tables = tables
        self.text = text
        outcome.seen = batch.seen
        outcome.bytes = batch.bytes
        var ofKey = Dictionary(grouping: rows, by: \.key)
        let ofCover = Dictionary(covers.map { ($0.index, $0) }) { first, _ in first }
        for index in batch.items.indices {
            judge(index, ofKey.removeValue(forKey: batch.items[index].key) ?? [], ofCover[index])
        }
        // What is left belongs to no row of the source.
        for finding in rows where ofKey[finding.key] != nil {
            outcome.extra += 1
            differences += finding.differences(in: tables.target, isStale: false, text)
        }
    }

    private mutating func judge(
        _ index: Int, _ rows: [TargetComparison.Finding], _ cover: CoverComparison.Finding?
    ) {
        let item = batch.items[index]
        let seen = batch.seen.entry(at: index)
        let isChanged = worked.xmins[seen.keyHash] != Int64(seen.xmin)
        let isRecorded = worked.rejected.contains(item.key)
        let isAbsent = rows.allSatisfy { !$0.isFound }
        let isCoverUnset = judge(cover, of: item, isChanged, isWritten: worked.written.contains(seen.keyHash))
        switch item.fate {
        // Whatever it would give now, it is in the ledger as rejected, and nothing of it is in the target.
        case _ where isRecorded && isAbsent: outcome.rejected += 1
        case .migrated(let start, let end) where rows.isEmpty && !isCoverUnset:
            outcome.migrated += 1
            outcome.targetRows += Int64(end.rows(since: start))
        case .empty where rows.isEmpty && !isCoverUnset: outcome.empty += 1
        default:
            if isChanged { outcome.stale += 1 } else { outcome.wrong += 1 }
            differences += rows.flatMap { $0.differences(in: tables.target, isStale: isChanged, text) }
            if case .rejected(let reject) = item.fate, !isRecorded {
                differences.append(
                    Difference(
                        kind: .unaccounted, isStale: isChanged, table: tables.source.name.description,
                        key: text.printable(item.key.description), place: "", found: nil,
                        expected: "a reject: \(reject.message)"))
            }
        }
    }

    /// Takes note of a cover that is not ours; says whether one of ours that should be there is not.
    private mutating func judge(
        _ cover: CoverComparison.Finding?, of item: Batch.Item, _ isChanged: Bool, isWritten: Bool
    ) -> Bool {
        guard let cover, let column = tables.writeBack else { return false }
        let isUnset = cover.found == nil && !isWritten
        if !isUnset { outcome.others += 1 }
        let (found, expected) = Difference.excerpts(cover.found, cover.expected, text)
        differences.append(
            Difference(
                kind: isUnset ? .missing : .setByOthers, isStale: isUnset && isChanged,
                table: tables.source.name.description, key: text.printable(item.key.description),
                place: "column \(column.name)", found: found, expected: expected))
        return isUnset
    }
}
