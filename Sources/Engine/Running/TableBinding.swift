import Ledger
import Postgres

/// What a stage that was begun on some tables is bound to: going on with others would lose rows, or remove them.
enum TableBinding {
    /// Throws when a table is another than the one the stage was begun on, or the source was emptied since. A source
    /// that was written anew with its rows in it, as by VACUUM FULL, is the same.
    static func check(
        _ record: StageRecord, of run: RunID, _ tables: StreamTables, _ ledger: Ledger,
        _ transaction: borrowing Transaction
    ) throws {
        try check(record, of: run, tables.source, ledger, transaction)
        for (place, target) in tables.targets.enumerated()
        where place >= record.targetOIDs.count || record.targetOIDs[place] != target.oid {
            throw Failure(
                .refused, "\(target.name) is another table than the one stage \(record.name) was begun on",
                details: ["it was dropped and made again since, and the rows written to it are gone"])
        }
        guard let total = record.total, total > 0 else { return }
        guard try transaction.row("select exists (select from \(tables.source.name))").bool(0) else {
            throw Failure(
                .refused, "\(tables.source.name) was emptied since stage \(record.name) was begun",
                details: ["it had \(total) rows; going on would remove what was made of them"],
                next: "bring the rows back, then run again")
        }
    }

    /// The same of a source alone, for a stage that has no targets; that it was emptied is no harm there.
    static func check(
        _ record: StageRecord, of run: RunID, _ source: KeyedTable, _ ledger: Ledger,
        _ transaction: borrowing Transaction
    ) throws {
        guard record.sourceOID == source.oid else {
            throw Failure(
                .refused, "\(source.name) is another table than the one stage \(record.name) was begun on",
                details: ["it was dropped and made again since"])
        }
        let chunked = ChunkedStage(run: run, name: record.name, keyColumns: source.key.count)
        try checkOrder(of: source, chunked, ledger, transaction)
    }

    /// Throws when the keys lie in another order than when the chunks were cut: rows would be in two of them, and in none.
    static func checkOrder(
        of source: KeyedTable, _ stage: ChunkedStage, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws {
        if Mutant.is(.goOnInAnotherOrder) { return }
        let types = source.key.map(\.ordering)
        guard try ledger.boundsAreInOrder(of: stage, keyTypes: types, transaction) else {
            throw Failure(
                .refused, "the keys of \(source.name) lie in another order than when stage \(stage.name) was begun",
                details: ["a column has another collation, or the library that orders its values was changed"],
                next: "give it the collation that it had, then run again")
        }
    }
}
