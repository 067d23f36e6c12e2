import Ledger
import Pipelines
import Postgres

/// Describes what each stage of a pipeline would do, from the pipeline, the ledger and the catalogue.
struct StagePlanner {
    let site: Site
    let schema: Identifier
    let limits: BatchLimits
    let standing: PipelineStanding
    let sizes: [QualifiedName: TableSize]

    /// The stage, with everything but the privileges that it needs.
    func describe(_ stage: Stage, _ transaction: borrowing Transaction) throws -> PlannedStage {
        var planned = bare(stage)
        switch planned.state {
        case .done, .skipped: return planned
        case .begun, .toDo, .optional: break
        }
        switch stage.work {
        case .check(let script): planned.statements = statements(of: script, areLocking: false)
        case .sql(let scripts): planned.statements = scripts.flatMap { statements(of: $0, areLocking: true) }
        case .stream(let stream): try describe(stream, stage, &planned, transaction)
        case .batch(let batch): try describe(batch, stage, &planned, transaction)
        case .constraints(let constraints):
            planned.statements = try ConstraintPlanner(schema: schema, standing: standing, sizes: sizes)
                .statements(for: constraints, &planned.notes, transaction)
        case .verify(let verification): describe(verification, &planned)
        case .retire(let retirement):
            try RetirementPlanner(site: site, standing: standing, schema: schema, sizes: sizes)
                .describe(retirement, stage, &planned, transaction)
        }
        return planned
    }

    /// The stage, and how it stands.
    func bare(_ stage: Stage) -> PlannedStage {
        PlannedStage(
            name: stage.name, kind: stage.work.kind, title: stage.title, state: state(of: stage),
            isDestructive: stage.isDestructive)
    }

    private func state(of stage: Stage) -> PlannedStage.State {
        let record = standing.record(of: stage)
        if let reason = record?.skipped { return .skipped(because: reason) }
        let willDo = standing.toDo.contains { $0.name == stage.name }
        if !willDo, record?.state == .done { return .done(at: record?.finishedAt ?? "") }
        if record?.state == .running { return .begun }
        return willDo ? .toDo : .optional
    }

    private func statements(of script: SQLScript, areLocking: Bool) -> [PlannedStatement] {
        script.statements.map { statement in
            PlannedStatement(
                text: statement.text, place: "\(script.name):\(statement.line)",
                locks: areLocking ? StatementLocks.of(statement, in: schema)?.filter { sizes.knows($0.table) } : [],
                isAlone: false)
        }
    }

    private func name(_ table: Identifier) -> QualifiedName { QualifiedName(schema: schema, name: table) }

    private func chunks(
        over table: Identifier, documents: [Identifier] = [], of stage: Stage, _ transaction: borrowing Transaction
    ) throws -> PlannedStage.ChunkPlan {
        let totals = standing.totals[stage.name]
        let counted = standing.record(of: stage)?.total
        let rows = counted ?? sizes[name(table)]?.rowCount
        let isEstimated = if counted == nil, case .estimated = sizes[name(table)]?.rows { true } else { false }
        let begun = totals.flatMap { $0.chunks > 0 ? $0.chunks : nil }
        // Rows that come later go into the last chunk, so there is always one.
        let size = try transaction.attempt {
            try ChunkSize.rows(limits, of: name(table), documents: documents, total: rows ?? 0, transaction)
        }
        // The table may not be there yet, or not be ours to read.
        let each = if case .success(let rows) = size { rows } else { limits.rows ?? ChunkSize.range.lowerBound }
        let planned = rows.map { max(1, ($0 + each - 1) / each) }
        return PlannedStage.ChunkPlan(
            table: name(table), rows: rows, isEstimated: isEstimated, rowsEach: each, count: begun ?? planned,
            done: totals?.chunksDone ?? 0)
    }

    private func describe(
        _ stream: Pipelines.Stream, _ stage: Stage, _ planned: inout PlannedStage, _ transaction: borrowing Transaction
    ) throws {
        if let reason = try StreamTables.missing(stream, schema: schema, transaction) {
            planned.notes.append(
                standing.unmet.map { "not known before \($0.pipeline) is done: \(reason), or not there yet" }
                    ?? "there will be nothing to do: \(reason)")
            return
        }
        planned.chunks = try chunks(
            over: stream.source.table, documents: stream.source.columns, of: stage, transaction)
        let source = name(stream.source.table)
        let columns = stream.source.columns.map(\.name).joined(separator: ", ")
        planned.notes.append(
            "reads \(columns) of \(source), transforms them (\(stream.transform.rawValue)) and writes to \(targets(of: stream)), "
                + "each chunk in a transaction of its own")
        if let column = stream.writeBack {
            planned.notes.append(
                "writes \(source).\(column) where it is null, as the last thing before each commit; "
                    + "a row is locked for that moment")
        }
    }

    private func targets(of stream: Pipelines.Stream) -> String {
        stream.targets.map { name($0.table).description }.joined(separator: " and ")
    }

    private func describe(
        _ batch: SQLBatch, _ stage: Stage, _ planned: inout PlannedStage, _ transaction: borrowing Transaction
    ) throws {
        planned.chunks = try chunks(over: batch.table, of: stage, transaction)
        planned.statements = [
            PlannedStatement(
                text: batch.statement.sql(where: ":range").text,
                place: "\(batch.statement.name):\(batch.statement.line)",
                locks: [LockUse(.rowExclusive, on: name(batch.table), .writesRows)], isAlone: true)
        ]
        planned.notes.append(
            "once for each chunk, in a transaction of its own; the rows that it writes stay locked until then")
    }

    private func describe(_ verification: Verification, _ planned: inout PlannedStage) {
        for proof in verification.proofs {
            let whose = proof.pipeline.map { " of \($0)" } ?? ""
            switch proof.subject {
            case .stream(let stream):
                planned.notes.append(
                    "compares what \(proof.stage)\(whose) wrote to \(targets(of: stream)) with what "
                        + "\(name(stream.source.table)) gives now, whole rows both ways; it writes to the ledger only")
            case .batch(_, let differences):
                planned.notes.append("compares what \(proof.stage)\(whose) did with what it should be:")
                planned.statements.append(
                    PlannedStatement(
                        text: differences.sql(where: ":range").text, place: "\(differences.name):\(differences.line)",
                        locks: [], isAlone: true))
            }
        }
    }
}

extension [QualifiedName: TableSize] {
    /// Whether others may be using a table: those of a script that are not there yet are nobody's.
    func knows(_ table: QualifiedName) -> Bool { self[table] != nil }
}
