import Pipelines
import Postgres

/// What stands in the way of one stage: tables and columns that are not as it needs them, constraints that are there and
/// differ, dependents of what it would drop.
struct StageFindings {
    let schema: Identifier
    let standing: PipelineStanding
    let isPooled: Bool

    func find(_ stage: Stage, _ transaction: borrowing Transaction) throws -> [PreflightFinding] {
        switch stage.work {
        case .check, .verify: return []
        case .sql(let scripts): return scripts.flatMap(programs)
        case .stream(let stream): return try find(stream, of: stage, transaction)
        case .batch(let batch):
            if try isAwaited(batch.table, transaction) { return [] }
            return try find(key: batch.key, of: name(batch.table), transaction)
        case .constraints(let constraints):
            var findings: [PreflightFinding] = []
            for constraint in constraints { findings += try find(constraint, transaction) }
            return findings
        case .retire(let retirement):
            return try ColumnDependents.find(name(retirement.table), retirement.columns, transaction).blocking.map {
                PreflightFinding(
                    .notice, "in the way of the optional stage \(stage.name): \($0)",
                    remedy: "change it or drop it before that stage is asked for")
            }
        }
    }

    /// What a script has the server start; that may be meant, and leaves the database.
    private func programs(of script: SQLScript) -> [PreflightFinding] {
        script.statements.filter(\.runsProgram).map { statement in
            PreflightFinding(
                .notice, "\(script.name):\(statement.line) has the server run a program (copy … program)",
                remedy: "see that it is meant; the role needs pg_execute_server_program for it")
        }
    }

    private func name(_ table: Identifier) -> QualifiedName { QualifiedName(schema: schema, name: table) }

    /// Whether a table that is not there is made by a pipeline that is needed first.
    private func isAwaited(_ table: Identifier, _ transaction: borrowing Transaction) throws -> Bool {
        guard try TableFacts(name(table), transaction) == nil else { return false }
        return standing.unmet != nil
    }

    private func find(
        _ stream: Pipelines.Stream, of stage: Stage, _ transaction: borrowing Transaction
    ) throws -> [PreflightFinding] {
        if try isAwaited(stream.source.table, transaction) { return [] }
        if let reason = try StreamTables.missing(stream, schema: schema, transaction) {
            if standing.unmet != nil { return [] }
            return [PreflightFinding(.notice, "stage \(stage.name) will have nothing to do: \(reason)")]
        }
        var findings = try find(key: stream.source.key, of: name(stream.source.table), transaction)
        let known = Set(findings.map(\.what))
        // What earlier scripts make need not be there yet.
        let earlier = standing.toDo.prefix { $0.name != stage.name }
        let hasScript = earlier.contains { if case .sql = $0.work { true } else { false } }
        do {
            let tables = try StreamTables(stream, schema: schema, onlyReading: hasScript, transaction)
            findings += try TargetFindings(stream: stream, tables: tables, isPrepared: hasScript).find(transaction)
        } catch let failure as Failure {
            for detail in failure.details where !known.contains(detail) {
                findings.append(
                    PreflightFinding(
                        .problem, detail,
                        remedy:
                            "make it as stage \(stage.name) needs it, or name the schema that is meant with --schema"))
            }
        }
        return findings
    }

    /// A key that is not there, or that no index makes unique.
    private func find(
        key: [Identifier], of table: QualifiedName, _ transaction: borrowing Transaction
    ) throws -> [PreflightFinding] {
        guard let facts = try TableFacts(table, transaction) else { return [] }
        var problems: [String] = []
        _ = KeyedTable(table, key: key, facts: facts, problems: &problems)
        guard problems.isEmpty else { return problems.map { PreflightFinding(.problem, $0) } }
        let nullable = key.map { "alter column \($0.quoted) set not null" }.joined(separator: ", ")
        return try facts.keyProblems(key, transaction).map {
            PreflightFinding(
                .problem, $0,
                remedy: "create unique index concurrently on \(table.quoted) (\(SQL.list(key).text)); "
                    + "alter table \(table.quoted) \(nullable)")
        }
    }

    private func find(
        _ constraint: Constraint, _ transaction: borrowing Transaction
    ) throws -> [PreflightFinding] {
        let builder = ConstraintBuilder(constraint: constraint, schema: schema)
        switch try builder.presence(transaction) {
        case .valid, .notValid: return []
        case .differs(let how):
            return [
                PreflightFinding(
                    .problem, how, remedy: "keep one of the two: drop that constraint, or change the pipeline's")
            ]
        case .absent:
            let planner = ConstraintPlanner(schema: schema, standing: standing, sizes: [:])
            guard isPooled, builder.createIndexConcurrently != nil,
                try TableFacts(builder.table, transaction) != nil, try planner.isLive(constraint.table, transaction)
            else { return [] }
            return [
                PreflightFinding(
                    .problem,
                    "\(builder.table) is in use, so \(constraint.name) must be built concurrently, and a pooler does not allow that",
                    remedy: ConstraintsStage.pastThePooler)
            ]
        }
    }
}

extension SQLStatement {
    /// Whether it is a COPY that reads from a program on the server, or writes to one.
    fileprivate var runsProgram: Bool {
        guard tokens.first?.isWord("copy") == true else { return false }
        return tokens.indices.dropFirst(2).contains { place in
            tokens[place].kind == .string && tokens[place - 1].isWord("program")
                && (tokens[place - 2].isWord("from") || tokens[place - 2].isWord("to"))
        }
    }
}
