import Ledger
import Pipelines
import Postgres

/// One stage of a run, whatever its kind.
struct StageWork {
    /// What came of a stage.
    enum Outcome {
        case done(rows: Int64?)
        /// A check found that nothing is left to do.
        case finished(reason: String)

        var rows: Int64? { if case .done(let rows) = self { rows } else { nil } }
    }

    let site: Site
    let request: RunRequest
    let run: RunID
    let stage: Stage
    let fingerprint: String
    let session: Session

    /// Does the stage; another process may do it or part of it at the same time.
    func perform() throws -> Outcome {
        switch stage.work {
        case .check(let script): return try check(script)
        case .sql(let script):
            try ScriptStage(
                site: site, run: run, schema: request.schema, stage: stage, script: script, fingerprint: fingerprint,
                session: session, tables: request.pipeline.tables(in: request.schema)
            ).perform()
            return .done(rows: nil)
        case .stream(let stream):
            let rows = try StreamStage(
                site: site, run: run, request: request, stage: stage, stream: stream, fingerprint: fingerprint,
                session: session
            ).perform()
            return .done(rows: rows)
        case .constraints(let constraints):
            try ConstraintsStage(
                site: site, run: run, schema: request.schema, stage: stage.name, session: session,
                chunked: try chunkedStage()
            ).perform(constraints, fingerprint: fingerprint)
            return .done(rows: nil)
        case .batch, .verify, .retire:
            throw Failure(.usage, "stages of kind \(stage.work.kind) are not there yet")
        }
    }

    private func check(_ script: SQLScript) throws -> Outcome {
        let verdict = try CheckStage(
            site: site, run: run, schema: request.schema, stage: stage, script: script, fingerprint: fingerprint,
            session: session
        ).perform()
        switch verdict {
        case .finished(let reason): return .finished(reason: reason)
        case .passed(let notices):
            for notice in notices { site.reporter.report(.notice(notice)) }
            return .done(rows: nil)
        }
    }

    /// The stream stage before this one, whose chunks count the rows that it may have to remove.
    private func chunkedStage() throws -> (stage: ChunkedStage, tables: StreamTables)? {
        for earlier in request.pipeline.stages.prefix(while: { $0.name != stage.name }).reversed() {
            guard case .stream(let stream) = earlier.work else { continue }
            return try session.perform("stage \(stage.name)") { connection in
                try connection.transaction(site.looking) { transaction in
                    let tables = try StreamTables(stream, schema: request.schema, transaction)
                    let records = try site.ledger.stages(of: run, transaction)
                    if let record = records.first(where: { $0.name == earlier.name }), record.sourceOID != nil {
                        try TableBinding.check(record, tables, transaction)
                    }
                    return (ChunkedStage(run: run, name: earlier.name, keyColumns: tables.key.count), tables)
                }
            }
        }
        return nil
    }
}

extension Pipeline {
    /// Every table that its stages name.
    func tables(in schema: Identifier) -> [QualifiedName] {
        var names: [Identifier] = []
        for stage in stages {
            switch stage.work {
            case .stream(let stream): names += [stream.source.table, stream.target.table]
            case .batch(let batch): names.append(batch.table)
            case .constraints(let constraints): names += constraints.map(\.table)
            case .retire(let retirement): names.append(retirement.table)
            case .check, .sql, .verify: break
            }
        }
        return Set(names).sorted { $0.name < $1.name }.map { QualifiedName(schema: schema, name: $0) }
    }
}
