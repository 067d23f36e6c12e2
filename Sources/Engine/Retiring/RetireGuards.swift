import Ledger
import Pipelines
import Postgres

/// What must hold before columns are dropped. Everything that does not is told at once.
struct RetireGuards {
    let context: StageContext
    let columns: RetiredColumns
    let proof: RetireProof

    init(context: StageContext, retirement: Retirement, columns: RetiredColumns) {
        self.context = context
        self.columns = columns
        proof = RetireProof(context: context, retirement: retirement, columns: columns)
    }

    private var ledger: Ledger { context.site.ledger }

    /// What depends on the columns: as long as something does, they are not dropped.
    struct Dependents {
        var blocking: [String]
        /// What goes with them, and the statements that make it again.
        var going: [ColumnDependents.Going]
    }

    /// Everything but the consent: columns, role, proof, dependents. Whether rows changed since they were verified, or since
    /// they were migrated, is part of the proof, unless it is asked otherwise.
    func obstacles(
        dependents: Dependents, countingChanges: Bool, countingStale: Bool = true,
        _ transaction: borrowing Transaction
    ) throws -> [Obstacle] {
        var obstacles: [Obstacle] = []
        if !columns.missing.isEmpty, !Mutant.is(.dropWhatIsLeft) {
            obstacles.append(
                Obstacle(
                    what: "\(columns.table.name) has \(RetiredColumns.list(columns.present)), but no column "
                        + "\(RetiredColumns.list(columns.missing)) any more",
                    next: "bring it back, or drop the other by hand as well"))
        }
        obstacles += try roleObstacles(transaction)
        var doubts = Mutant.is(.dropUnverified) ? [] : try proof.obstacles(countingStale: countingStale, transaction)
        // Without a proof there are no sums to compare with.
        if doubts.isEmpty, countingChanges { doubts = try proof.changes(transaction) }
        obstacles += doubts
        if !dependents.blocking.isEmpty, !Mutant.is(.dropWithDependents) {
            obstacles.append(
                Obstacle(
                    what: "these depend on \(columns.description): \(dependents.blocking.joined(separator: "; "))",
                    next: "drop or change them first"))
        }
        if try ledger.hasArchive(by: context.stage.name, of: context.run, transaction), !Mutant.is(.dropAgain) {
            obstacles.append(
                Obstacle(
                    what: "the ledger says that this stage has dropped the columns before, and they are here again",
                    next: "if they were brought back by hand, remove its row from \(ledger.schema).archives"))
        }
        return obstacles
    }

    /// Whether the role may do it: DDL is for the owner alone.
    private func roleObstacles(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        let row = try transaction.row(
            """
            select pg_has_role(c.relowner, 'usage'), quote_ident(pg_get_userbyid(c.relowner)), quote_ident(current_user),
                   has_schema_privilege(n.oid, 'create')
              from pg_class c join pg_namespace n on n.nspname = \(.text(ledger.schema.name)) where c.oid = \(.int(columns.table.oid))::oid
            """)
        let role = row.text(2) ?? ""
        var obstacles: [Obstacle] = []
        if !row.bool(0), !Mutant.is(.dropWithoutOwning) {
            obstacles.append(
                Obstacle(
                    what: "role \(role) does not own \(columns.table.name)",
                    next: "run it as \(row.text(1) ?? ""), or: grant \(row.text(1) ?? "") to \(role)"))
        }
        if context.request.consent.keepsArchive, !row.bool(3) {
            obstacles.append(
                Obstacle(
                    what: "role \(role) may not make the archive in schema \(ledger.schema)",
                    next: "grant create on schema \(ledger.schema.quoted) to \(role)"))
        }
        return obstacles
    }
}
