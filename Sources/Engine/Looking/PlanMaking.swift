import Ledger
import Pipelines
import Postgres

/// Puts a plan together, in one transaction that only reads.
struct PlanMaking {
    let site: Site
    let pipeline: Pipeline
    let schema: Identifier
    let limits: BatchLimits

    func report(sample: Int64, _ transaction: borrowing Transaction) throws -> PlanReport {
        let standing = try PipelineStanding(pipeline, on: schema, site.ledger, transaction)
        var notes: [String] = []
        let sizes = try sizes(&notes, transaction)
        let planner = StagePlanner(
            site: site, schema: schema, limits: limits, standing: standing, sizes: sizes)
        var stages = try pipeline.stages.map { try describe($0, planner, transaction) }
        let open = zip(pipeline.stages, stages).filter { $1.state == .toDo || $1.state == .begun }.map(\.0)
        let samples = sample > 0 ? try self.samples(sample, of: open, sizes, transaction) : []
        let privileges = NeededPrivileges(schema: schema, ledger: site.ledger.schema, standing: standing)
        for (index, stage) in pipeline.stages.enumerated() where !stages[index].isOver {
            stages[index].grants = try privileges.missing(for: [stage], transaction)
        }
        return PlanReport(
            pipeline: pipeline.name, title: pipeline.title, schema: schema.name, server: try server(transaction),
            ledgerClosed: standing.closedBook, refusals: standing.refusals + needs(standing), stages: stages,
            tables: sizes.values.sorted { $0.table.quoted < $1.table.quoted }, samples: samples,
            disk: try disk(open, standing, sizes, samples, transaction),
            locks: try locks(transaction),
            grants: open.isEmpty ? [] : try privileges.missing(for: open, withLedger: true, transaction), notes: notes)
    }

    private func describe(
        _ stage: Stage, _ planner: StagePlanner, _ transaction: borrowing Transaction
    ) throws -> PlannedStage {
        switch try transaction.attempt({ try planner.describe(stage, transaction) }) {
        case .success(let planned): return planned
        case .failure(let error):
            var planned = planner.bare(stage)
            planned.notes = ["it cannot be described: \(error.message)"]
            return planned
        }
    }

    private func server(_ transaction: borrowing Transaction) throws(PostgresError) -> PlanReport.ServerName {
        let row = try transaction.row("select current_database(), current_setting('server_version'), current_user")
        return PlanReport.ServerName(
            database: row.text(0) ?? "", version: row.text(1) ?? "", role: row.text(2) ?? "")
    }

    private func needs(_ standing: PipelineStanding) -> [Failure] {
        guard let need = standing.unmet, !standing.toDo.isEmpty else { return [] }
        return [
            Failure(
                .refused, "\(pipeline.name) needs \(need.pipeline), \(need.reason)",
                next: site.command("run", need.pipeline))
        ]
    }

    /// The tables that stages or the statements of their scripts name.
    private var names: Set<QualifiedName> {
        var names = Set(pipeline.tables(in: schema))
        for stage in pipeline.stages {
            guard case .sql(let scripts) = stage.work else { continue }
            for statement in scripts.flatMap(\.statements) {
                names.formUnion((StatementLocks.of(statement, in: schema) ?? []).map(\.table))
            }
        }
        return names
    }

    /// Those of them that are there.
    private func sizes(
        _ notes: inout [String], _ transaction: borrowing Transaction
    ) throws -> [QualifiedName: TableSize] {
        var sizes: [QualifiedName: TableSize] = [:]
        for name in names {
            switch try transaction.attempt({ try TableSize.of(name, transaction) }) {
            case .success(let size): sizes[name] = size
            case .failure(let error): notes.append("\(name) cannot be looked at: \(error.message)")
            }
        }
        return sizes
    }

    private func samples(
        _ limit: Int64, of stages: [Stage], _ sizes: [QualifiedName: TableSize], _ transaction: borrowing Transaction
    ) throws -> [SampleResult] {
        try stages.compactMap { stage in
            guard case .stream(let stream) = stage.work else { return nil }
            let source = QualifiedName(schema: schema, name: stream.source.table)
            return SampleResult(
                stage: stage.name, source: source,
                targets: stream.targets.map { QualifiedName(schema: schema, name: $0.table) },
                outcome: try sample(limit, of: stream, sizes[source], transaction))
        }
    }

    private func sample(
        _ limit: Int64, of stream: Pipelines.Stream, _ size: TableSize?, _ transaction: borrowing Transaction
    ) throws -> SampleResult.Outcome {
        switch try ReadableSource.find(stream, in: schema, transaction) {
        case .impossible(let reasons): return .impossible(reasons)
        case .tables(let tables):
            guard let size else { return .impossible(["\(tables.source.name) cannot be looked at"]) }
            let tried = try transaction.attempt { () throws -> SampleResult.Tally in
                let chosen = try SampleKeys(table: tables.source).spread(limit, over: size, transaction)
                var tally = try Sampling(stream: stream, tables: tables, limits: limits)
                    .tally(of: chosen.keys, transaction)
                tally.isWhole = chosen.isWhole
                return tally
            }
            switch tried {
            case .success(let tally): return .tried(tally)
            case .failure(let error): return .impossible([error.message])
            }
        }
    }

    private func disk(
        _ stages: [Stage], _ standing: PipelineStanding, _ sizes: [QualifiedName: TableSize],
        _ samples: [SampleResult], _ transaction: borrowing Transaction
    ) throws -> DiskNeed {
        var need = try DiskNeed(transaction)
        let constraints = ConstraintPlanner(schema: schema, standing: standing, sizes: sizes)
        var lacking: [Constraint] = []
        for stage in stages {
            guard case .constraints(let declared) = stage.work else { continue }
            for constraint in declared {
                let found = try transaction.attempt { try constraints.lacks(constraint, transaction) }
                if case .success(true) = found { lacking.append(constraint) }
            }
        }
        let reckoning = DiskReckoning(schema: schema, sizes: sizes, samples: samples, lacking: lacking)
        for stage in stages { reckoning.add(stage, to: &need) }
        return need
    }

    private func locks(_ transaction: borrowing Transaction) throws -> [String] {
        let found = try transaction.attempt { try Blockers.describe(Array(names), waiting: true, transaction) }
        return if case .success(let lines) = found { lines } else { [] }
    }
}

extension PipelineStanding {
    /// Why the ledger cannot be read; nil where it can, or is not there.
    var closedBook: String? { if case .closed(let why) = book { why } else { nil } }
}
