import Ledger
import Pipelines
import Postgres

/// Describes what a retire stage would drop, what that needs, and what is in its way.
struct RetirementPlanner {
    let site: Site
    let standing: PipelineStanding
    let schema: Identifier
    let sizes: [QualifiedName: TableSize]

    func describe(
        _ retirement: Retirement, _ stage: Stage, _ planned: inout PlannedStage, _ transaction: borrowing Transaction
    ) throws {
        let table = QualifiedName(schema: schema, name: retirement.table)
        guard let facts = try TableFacts(table, transaction) else {
            planned.notes.append("there is no table \(table) yet")
            return
        }
        let present = retirement.columns.filter { facts.columns[$0] != nil }
        guard !present.isEmpty else {
            planned.notes.append("there will be nothing to do: the columns are gone already")
            return
        }
        planned.statements = statements(retirement, present, of: table, stage)
        planned.notes.append(
            "while \(table) stays in use, stage \(retirement.proof) is done once more and the columns are copied to the archive "
                + "(--no-archive: they are not); then, under the lock, what was written to meanwhile is brought over and "
                + "verified, and they are dropped: until that is committed nobody can read or write \(table)")
        planned.archiveBytes = try storedBytes(of: retirement.key + present, in: table, transaction)
        let dependents = try ColumnDependents.find(table, present, transaction)
        planned.blocking = dependents.blocking
        planned.going = dependents.going.map { "\($0.what): \($0.definition)" }
        try tell(retirement, stage, &planned, transaction)
    }

    private func statements(
        _ retirement: Retirement, _ present: [Identifier], of table: QualifiedName, _ stage: Stage
    ) -> [PlannedStatement] {
        func statement(_ sql: SQL, _ locks: [LockUse]) -> PlannedStatement {
            PlannedStatement(text: sql.text, place: nil, locks: locks, isAlone: false)
        }
        let run = standing.run.map { String($0.id.value) } ?? "0"
        let name =
            Identifier("archive_\(run)_" + stage.name.replacing("-", with: "_"))
            ?? Identifier("archive" as StaticString)
        let archive = QualifiedName(schema: site.ledger.schema, name: name)
        return [
            statement(ColumnArchive.creation(of: archive, from: table, keeping: retirement.key + present), []),
            statement(ColumnArchive.filling(of: archive, from: table, keeping: retirement.key + present), []),
            statement(
                "lock table \(table) in access exclusive mode", [LockUse(.accessExclusive, on: table, .moment)]),
            statement(
                RetiredColumns.dropping(present, from: table), [LockUse(.accessExclusive, on: table, .moment)]),
        ]
    }

    /// What the stage would be refused for as things are: the guards themselves say it.
    private func tell(
        _ retirement: Retirement, _ stage: Stage, _ planned: inout PlannedStage, _ transaction: borrowing Transaction
    ) throws {
        guard let run = standing.run else { return }
        let context = StageContext(
            site: site, request: RunRequest(pipeline: standing.pipeline, schema: schema), run: run.id, stage: stage,
            fingerprint: "", session: Session(site: site, name: "etl"))
        let columns: RetiredColumns
        do {
            columns = try RetiredColumns(retirement, schema: schema, transaction)
        } catch let failure as Failure {
            planned.notes += failure.details
            return
        }
        let guards = RetireGuards(context: context, retirement: retirement, columns: columns)
        let acceptance = try Acceptance(of: Consent(), for: try guards.proof.scope(transaction), context, transaction)
        let none = RetireGuards.Dependents(blocking: [], going: [])
        // Comparing a large table with what was seen of it takes longer than a look should.
        let isSmall = (sizes[columns.table.name]?.heap ?? .max) <= TableSize.countable
        let obstacles =
            acceptance.obstacles + (try guards.obstacles(dependents: none, countingChanges: isSmall, transaction))
        if !isSmall { planned.notes.append("whether rows changed since they were verified was not looked at") }
        planned.notes += obstacles.map { "would be refused: \($0.what); next: \($0.next)" }
    }

    /// About how many bytes the columns take where they are, by a thousand rows of them.
    private func storedBytes(
        of columns: [Identifier], in table: QualifiedName, _ transaction: borrowing Transaction
    ) throws -> Int64? {
        guard let rows = sizes[table]?.rowCount else { return nil }
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
