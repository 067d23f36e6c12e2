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

    /// Judges some of a batch's items, those of one chunk.
    init(
        batch: Batch, items: some Collection<Int>, worked: WorkedChunk, rejected: [KeyedRow], tables: StreamTables,
        text: LedgerText,
        rows: [TargetComparison.Finding], covers: [CoverComparison.Finding]
    ) {
        self.batch = batch
        self.worked = worked
        self.tables = tables
        self.text = text
        outcome.bytes = batch.bytes
        var ofKey = Dictionary(grouping: rows, by: \.key)
        let ofCover = Dictionary(covers.map { ($0.index, $0) }) { first, _ in first }
        for index in items {
            judge(index, ofKey.removeValue(forKey: batch.items[index].key) ?? [], ofCover[index])
        }
        for row in rejected { judge(row, ofKey.removeValue(forKey: row.key) ?? []) }
        // What is left belongs to no row of the source.
        for finding in rows where ofKey[finding.key] != nil {
            outcome.extra += 1
            differences += finding.differences(isStale: false, text)
        }
    }

    private mutating func judge(
        _ index: Int, _ rows: [TargetComparison.Finding], _ cover: CoverComparison.Finding?
    ) {
        let item = batch.items[index]
        let seen = batch.seen.row(at: index)
        outcome.seen.append(keyHash: seen.keyHash, xmin: seen.xmin, mark: batch.seen.mark(at: index))
        let place = outcome.seen.count - 1
        let known = worked.rows[seen.keyHash]
        let isChanged = known?.xmin != seen.xmin || Mutant.is(.everythingIsStale)
        // What nothing reads of a row that was not written to since is in the ledger already.
        if isChanged { for name in batch.unmapped[index] { outcome.unmapped[name, default: 0] += 1 } }
        let isCoverUnset = judge(cover, of: item, isChanged, isWritten: known?.written != nil)
        switch item.fate {
        case .migrated where rows.isEmpty && !isCoverUnset: count(.migrated, at: place)
        case .empty where rows.isEmpty && !isCoverUnset: count(.empty, at: place)
        case .rejected where Mutant.is(.overlookLostRejects): count(.rejected, at: place)
        default:
            count(isChanged ? .stale : .wrong, at: place)
            differences += rows.flatMap { $0.differences(isStale: isChanged, text) }
            if case .rejected(let reject) = item.fate {
                differences.append(
                    Difference(
                        kind: .unaccounted, isStale: isChanged, table: tables.source.name.description,
                        key: text.printable(item.key.description), place: "", found: nil,
                        expected: "a reject: \(reject.message)"))
            }
        }
    }

    /// Nothing of a rejected row may be in the target; one that was written to since may be good by now.
    private mutating func judge(_ row: KeyedRow, _ rows: [TargetComparison.Finding]) {
        outcome.seen.append(keyHash: row.hash, xmin: row.xmin, mark: row.mark)
        let place = outcome.seen.count - 1
        let isChanged = worked.rows[row.hash]?.xmin != row.xmin
        if rows.isEmpty && !isChanged { return count(.rejected, at: place) }
        count(isChanged ? .stale : .wrong, at: place)
        if rows.isEmpty {
            differences.append(
                Difference(
                    kind: .unaccounted, isStale: true, table: tables.source.name.description,
                    key: text.printable(row.key.description), place: "", found: "a reject, and another row since",
                    expected: "to be tried again with etl retry"))
        }
        differences += rows.flatMap { $0.differences(isStale: isChanged, text) }
    }

    private mutating func count(_ fate: RowFate, at place: Int) {
        outcome.seen.settle(fate, at: place)
        switch fate {
        case .migrated: outcome.migrated += 1
        case .empty: outcome.empty += 1
        case .rejected: outcome.rejected += 1
        case .stale: outcome.stale += 1
        case .wrong: outcome.wrong += 1
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
