import Ledger
import Pipelines
import Postgres

/// What stands in the way of the stages that are still to be done.
struct WorkFindings {
    let schema: Identifier
    let ledger: Identifier
    let limits: BatchLimits
    let standing: PipelineStanding

    private var toDo: [Stage] { standing.toDo }

    func find(_ connection: Connection, _ transaction: borrowing Transaction) throws -> [PreflightFinding] {
        var findings = try ServerFindings(limits: limits, hasDDL: hasDDL).find(connection, transaction)
        let tables = standing.pipeline.tables(in: schema)
        findings += try SessionFindings(tables: tables).find(transaction)
        // Without a way into the schema nothing else can be found out.
        let door = try Privileges.missing([.useSchema(schema)], transaction)
        guard door.isEmpty else { return findings + door.map(Self.lacking) }
        findings += try seen("the privileges", transaction) {
            try NeededPrivileges(schema: schema, ledger: ledger, standing: standing)
                .missing(for: toDo, withLedger: true, transaction).map(Self.lacking)
        }
        let merging = try self.merging(transaction)
        for use in TableUse.all(by: toDo, in: schema, merging: merging) {
            findings += try seen("\(use.table)", transaction) { try TableFindings(use: use).find(transaction) }
        }
        let stages = StageFindings(schema: schema, standing: standing, isPooled: connection.isPooled)
        for stage in standing.pipeline.stages where !standing.isDone(stage) || toDo.contains(stage) {
            findings += try seen("stage \(stage.name)", transaction) { try stages.find(stage, transaction) }
        }
        return findings
    }

    private var hasDDL: Bool {
        toDo.contains { stage in
            switch stage.work {
            case .sql, .constraints, .retire: true
            case .check, .stream, .batch, .verify: false
            }
        }
    }

    private static func lacking(_ grant: String) -> PreflightFinding {
        PreflightFinding(.problem, "the role lacks a privilege that the run needs", remedy: grant)
    }

    private func merging(_ transaction: borrowing Transaction) throws -> [Pipelines.Stream] {
        var merging: [Pipelines.Stream] = []
        for case .stream(let stream) in toDo.map(\.work) {
            if try ExistingTargets(stream, in: schema).hasRows(transaction) { merging.append(stream) }
        }
        return merging
    }

    /// What cannot be looked at is a finding, too.
    private func seen(
        _ what: String, _ transaction: borrowing Transaction, _ look: () throws -> [PreflightFinding]
    ) throws -> [PreflightFinding] {
        switch try transaction.attempt(look) {
        case .success(let findings): findings
        case .failure(let error): [PreflightFinding(.warning, "\(what) cannot be looked at: \(error.message)")]
        }
    }
}
