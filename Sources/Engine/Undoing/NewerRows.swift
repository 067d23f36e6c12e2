import Ledger
import Pipelines
import Postgres

/// Rows that would be removed with their table, of source rows that came after a drop: nothing else has what they hold.
struct NewerRows {
    let request: UndoRequest
    let plan: UndoPlan
    let ledger: Ledger

    /// Finds them by the keys in the archives, while the columns are not back yet.
    func find(_ transaction: borrowing Transaction) throws -> Strangers {
        var strangers = Strangers()
        for case .restore(let stage) in plan.steps {
            guard let dropped = try ledger.dropped(by: stage, of: plan.run, transaction), !dropped.isRestored,
                let relation = dropped.relation
            else { continue }
            let archive = QualifiedName(schema: ledger.schema, name: relation)
            for stage in request.pipeline.stages where plan.goingAlong.contains(stage.name) {
                guard case .stream(let stream) = stage.work, stream.source.key == dropped.key,
                    QualifiedName(schema: request.schema, name: stream.source.table) == dropped.table
                else { continue }
                for target in stream.targets {
                    let name = QualifiedName(schema: request.schema, name: target.table)
                    let (keys, count) = try keys(
                        target, in: name, of: stream.source, missingFrom: archive, transaction)
                    let differences = keys.map { key in
                        Difference(
                            kind: .extra, isStale: false, table: name.description, key: key, place: "", found: nil,
                            expected: nil)
                    }
                    strangers.add(differences, count: count)
                }
            }
        }
        return strangers
    }

    /// The first keys, and how many there are.
    private func keys(
        _ target: Pipelines.Stream.Target, in table: QualifiedName, of source: Pipelines.Stream.Source,
        missingFrom archive: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (first: [String], count: Int) {
        let printed = KeyedTable.printed(target.parent, of: "t")
        let isSame = zip(target.parent, source.key).map { "a.\($1.quoted) = t.\($0.quoted)" }
        let found = try transaction.run(
            """
            select \(unsafe: printed), count(*) over () from \(table) t
             where \(unsafe: target.rows.map { "(\($0))" } ?? "true")
               and not exists (select from \(archive) a where \(unsafe: isSame.joined(separator: " and ")))
             order by 1 limit \(.int(Int64(Strangers.shown)))
            """
        ).rows
        return (found.compactMap { $0.text(0) }, Int(found.first?.int(1) ?? 0))
    }
}
