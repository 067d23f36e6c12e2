import Ledger
import Pipelines
import Postgres

/// Describes what a retire stage would drop, what that needs, and what is in its way.
struct RetirementPlanner {
    let schema: Identifier
    let ledger: Identifier
    let standing: PipelineStanding
    let sizes: [QualifiedName: TableSize]

    func describe(
        _ retirement: Retirement, _ stage: Stage, _ planned: inout PlannedStage, _ transaction: borrowing Transaction
    ) throws {
        let table = QualifiedName(schema: schema, name: retirement.table)
        guard let facts = try TableFacts(table, transaction) else {
            planned.notes.append("there is no table \(table) yet")
            return
        }
        let there = retirement.columns.filter { facts.columns[$0] != nil }
        guard !there.isEmpty else {
            planned.notes.append("there will be nothing to do: the columns are gone already")
            return
        }
        planned.statements = statements(retirement, table, stage)
        let dependents = try ColumnDependents.find(table, there, transaction)
        planned.blocking = dependents.blocking
        planned.going = dependents.going.map { "\($0.what): \($0.definition)" }
        try tell(retirement, table, &planned, transaction)
    }

    private func statements(_ retirement: Retirement, _ table: QualifiedName, _ stage: Stage) -> [PlannedStatement] {
        let lock = LockUse(.accessExclusive, on: table, .readsRows)
        let run = standing.run.map { String($0.id.value) } ?? "N"
        let archive = "archive_\(run)_\(stage.name.replacing("-", with: "_"))"
        let kept = SQL.list(retirement.key + retirement.columns)
        let drops = retirement.columns.map { "drop column \($0.quoted)" }.joined(separator: ", ")
        return [
            PlannedStatement(
                text: "lock table \(table.quoted) in access exclusive mode", place: nil, locks: [lock], isAlone: false),
            PlannedStatement(
                text: "create table \(ledger.quoted).\(archive) as select \(kept.text), xmin from \(table.quoted)",
                place: nil, locks: [], isAlone: false),
            PlannedStatement(
                text: "alter table \(table.quoted) \(drops)", place: nil,
                locks: [LockUse(.accessExclusive, on: table, .moment)], isAlone: false),
        ]
    }

    private func tell(
        _ retirement: Retirement, _ table: QualifiedName, _ planned: inout PlannedStage,
        _ transaction: borrowing Transaction
    ) throws {
        planned.notes.append(
            "first everything that \(retirement.proof) must have proved is looked at again under the lock, then the columns are "
                + "copied to the archive, then they are dropped: nobody can read or write \(table) until all of it is committed"
        )
        if let bytes = try storedBytes(of: retirement, in: table, transaction) {
            planned.archiveBytes = bytes
        }
        if standing.openRejects > 0 {
            planned.notes.append(
                "\(standing.openRejects) rejects are open and hold it up: mend them, or --accept-rejects \(standing.openRejects)"
            )
        }
        if !standing.unmapped.isEmpty {
            let names = standing.unmapped.map(\.name).joined(separator: ",")
            planned.notes.append(
                "keys that nothing reads hold it up unless they are accepted: --accept-unmapped \(names)")
        }
    }

    /// About how many bytes the columns take where they are, by a thousand rows of them.
    private func storedBytes(
        of retirement: Retirement, in table: QualifiedName, _ transaction: borrowing Transaction
    ) throws -> Int64? {
        guard let rows = sizes[table]?.rowCount else { return nil }
        let columns = retirement.key + retirement.columns
        let sum = columns.map { "coalesce(pg_column_size(\($0.quoted)), 0)" }.joined(separator: " + ")
        let found = try transaction.attempt {
            try transaction.row(
                "select avg(n) from (select \(unsafe: sum) as n from \(table) limit 1000) s"
            ).double(0)
        }
        guard case .success(let average?) = found else { return nil }
        // What every row takes besides its values.
        return Int64((average + 40) * Double(rows))
    }
}
