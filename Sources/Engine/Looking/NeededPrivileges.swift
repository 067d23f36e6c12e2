import Ledger
import Pipelines
import Postgres

/// What the role lacks for stages of a pipeline.
struct NeededPrivileges {
    let schema: Identifier
    let ledger: Identifier
    let standing: PipelineStanding

    /// The statements that give it; for stages that are to be done only.
    func missing(
        for stages: [Stage], withLedger: Bool = false, _ transaction: borrowing Transaction
    ) throws -> [String] {
        // Without a way into the schema nothing else can be found out.
        let door = try Privileges.missing([.useSchema(schema)], transaction)
        if !door.isEmpty { return door }
        let constraints = ConstraintPlanner(schema: schema, standing: standing, sizes: [:])
        var lacking: [Constraint] = []
        var merging: [Pipelines.Stream] = []
        for stage in stages {
            switch stage.work {
            case .constraints(let declared):
                for constraint in declared where try constraints.lacks(constraint, transaction) {
                    lacking.append(constraint)
                }
            case .stream(let stream):
                if try ExistingTargets(stream, in: schema).hasRows(transaction) { merging.append(stream) }
            case .check, .sql, .batch, .verify, .retire: break
            }
        }
        let needs = StageNeeds(schema: schema, ledger: ledger, lacking: lacking, merging: merging)
        var all = stages.reduce(into: Set<PrivilegeNeed>()) { $0.formUnion(needs.of($1)) }
        if withLedger {
            let exists = try transaction.row(
                "select exists (select from pg_namespace where nspname = \(.text(ledger.name)))")
            all.formUnion(needs.ofLedger(standing.book, schemaExists: exists.bool(0)))
        }
        return try Privileges.missing(all, transaction)
    }
}
