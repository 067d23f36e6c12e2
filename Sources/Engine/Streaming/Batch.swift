import Ledger
import Postgres
import Transforms

/// A chunk in memory: what its source rows became, ready to be written.
struct Batch {
    /// One source row.
    struct Item {
        /// What became of a row.
        enum Fate {
            case migrated(from: TargetRows.Mark, to: TargetRows.Mark)
            case empty
            case rejected(RejectRecord)

            /// The same for the ledger.
            var letter: RowFate {
                switch self {
                case .migrated: .migrated
                case .empty: .empty
                case .rejected: .rejected
                }
            }
        }

        let key: Key
        let xmin: UInt32
        var fate: Fate
        /// The value to write back to the row.
        var cover: [UInt8]?
        /// A hash of the value that we wrote back to it before.
        var written: Int64?
    }

    var rows = TargetRows()
    var items: [Item] = []
    var seen = SeenRows()
    /// For each item the keys that nothing reads.
    var unmapped: [[[UInt8]]] = []
    var bytes: Int64 = 0
    /// The last key, where reading stopped before the chunk's end.
    var end: Key?
    /// Held where a document may have given very many rows.
    var turn: AmpleDocuments.Turn?

    mutating func removeAll() {
        rows.removeAll()
        items.removeAll(keepingCapacity: true)
        unmapped.removeAll(keepingCapacity: true)
        seen = SeenRows()
        bytes = 0
        end = nil
        turn = nil
    }

    /// The rejects among the items.
    var rejects: [RejectRecord] {
        items.compactMap { if case .rejected(let record) = $0.fate { record } else { nil } }
    }

    /// What was seen, with what became of it.
    var settledSeen: SeenRows {
        var settled = seen
        for index in items.indices { settled.settle(items[index].fate.letter, at: index) }
        return settled
    }

    /// The counts for the ledger.
    var outcome: ChunkOutcome {
        var outcome = ChunkOutcome()
        for index in items.indices {
            switch items[index].fate {
            case .migrated(let start, let end):
                outcome.migrated += 1
                outcome.targetRows += Int64(end.rows(since: start))
            case .empty: outcome.empty += 1
            case .rejected: outcome.rejected += 1
            }
            for name in unmapped[index] { outcome.unmapped[name, default: 0] += 1 }
        }
        outcome.bytes = bytes
        outcome.seen = settledSeen
        return outcome
    }
}
