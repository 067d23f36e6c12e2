import Ledger
import Pipelines
import Postgres

/// One stage of a run, whatever its kind.
struct StageWork {
    /// What came of a stage.
    enum Outcome {
        case done(rows: Int64?)
        /// The stage is done because there is nothing for it to do.
        case skipped(reason: String)
        /// A check found that nothing is left to do in the whole pipeline.
        case finished(reason: String)
    }

    let context: StageContext

    private var site: Site { context.site }
    private var stage: Stage { context.stage }

    /// Does the stage; another process may do it or part of it at the same time.
    func perform() throws -> Outcome {
        switch stage.work {
        case .check(let script): return try check(script)
        case .sql(let scripts):
            try ScriptStage(
                site: site, run: context.run, schema: context.request.schema, stage: stage, scripts: scripts,
                fingerprint: context.fingerprint, session: context.session,
                tables: context.request.pipeline.tables(in: context.request.schema)
            ).perform()
            return .done(rows: nil)
        case .stream(let stream): return try StreamStage(context: context, stream: stream).perform()
        case .batch(let batch): return try BatchStage(context: context, batch: batch).perform()
        case .constraints(let constraints):
            try ConstraintsStage(
                site: site, run: context.run, schema: context.request.schema, stage: stage.name,
                session: context.session, chunked: try chunkedStages()
            ).perform(constraints, fingerprint: context.fingerprint)
            return .done(rows: nil)
        case .verify(let verification): return try VerifyStage(context: context, verification: verification).perform()
        case .retire(let retirement): return try RetireStage(context: context, retirement: retirement).perform()
        }
    }

    private func check(_ script: SQLScript) throws -> Outcome {
        let verdict = try CheckStage(
            site: site, run: context.run, schema: context.request.schema, stage: stage, script: script,
            fingerprint: context.fingerprint, session: context.session
        ).perform()
        switch verdict {
        case .finished(let reason): return .finished(reason: reason)
        case .passed(let notices):
            for notice in notices { site.reporter.report(.notice(notice)) }
            return .done(rows: nil)
        }
    }

    /// The stream stages before this one, whose chunks count the rows that it may have to remove.
    private func chunkedStages() throws -> [(stage: ChunkedStage, tables: StreamTables)] {
        let streams = context.request.pipeline.stages.prefix { $0.name != stage.name }.compactMap { earlier in
            if case .stream(let stream) = earlier.work { (earlier.name, stream) } else { nil }
        }
        return try context.session.perform("stage \(stage.name)") { connection in
            try connection.transaction(site.looking) { transaction in
                let records = try site.ledger.stages(of: context.run, transaction)
                return try streams.compactMap { name, stream in
                    guard let record = records.first(where: { $0.name == name }), record.sourceOID != nil else {
                        return nil
                    }
                    let tables = try StreamTables(stream, schema: context.request.schema, transaction)
                    try TableBinding.check(record, of: context.run, tables, site.ledger, transaction)
                    return (
                        ChunkedStage(run: context.run, name: name, keyColumns: tables.source.key.count), tables
                    )
                }
            }
        }
    }
}

extension Pipeline {
    /// Every table that its stages name.
    func tables(in schema: Identifier) -> [QualifiedName] {
        var names: [Identifier] = []
        for stage in stages {
            switch stage.work {
            case .stream(let stream): names += [stream.source.table] + stream.targets.map(\.table)
            case .batch(let batch): names.append(batch.table)
            case .constraints(let constraints): names += constraints.map(\.table)
            case .retire(let retirement): names.append(retirement.table)
            case .check, .sql, .verify: break
            }
        }
        return Set(names).sorted { $0.name < $1.name }.map { QualifiedName(schema: schema, name: $0) }
    }
}
