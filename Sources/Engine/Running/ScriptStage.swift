import Ledger
import Pipelines
import Postgres

/// A stage that runs scripts in one transaction, together with the note that it did.
struct ScriptStage {
    let site: Site
    let run: RunID
    let schema: Identifier
    let stage: Stage
    let scripts: [SQLScript]
    let fingerprint: String
    let session: Session
    /// The tables of the pipeline: whoever holds locks on them is named when a lock cannot be had.
    let tables: [QualifiedName]

    /// Runs the scripts unless they were run already.
    func perform() throws {
        let turn = StageTurn(site: site, run: run, stage: stage.name, session: session)
        _ = try turn.take(site.defining, locking: tables) { transaction, _ in
            try site.ledger.beginStage(stage.name, of: run, fingerprint: fingerprint, transaction)
            let before = Set(try CatalogObjects.all(transaction))
            // Unqualified names of the scripts are those of the pipeline's schema; ours are not in its way.
            try transaction.run("set local search_path = \(schema), pg_temp")
            for script in scripts {
                for statement in script.statements { try run(statement, of: script, transaction) }
            }
            try transaction.run("set local search_path = \(site.ledger.schema), pg_temp")
            let created = try CatalogObjects.written(transaction).filter { !before.contains($0) }
            try site.ledger.recordCreated(created, by: stage.name, of: run, transaction)
            try site.ledger.finishStage(stage.name, of: run, transaction)
        }
    }

    private func run(
        _ statement: SQLStatement, of script: SQLScript, _ transaction: borrowing Transaction
    ) throws {
        do throws(PostgresError) {
            try transaction.run(SQL(unsafe: statement.text))
        } catch {
            // What may pass is tried again; everything else is told with the line that it comes from.
            if error.errorClass == .retry || error.endsSession { throw error }
            throw Failure(error, while: "\(script.name):\(statement.line)")
        }
    }
}
