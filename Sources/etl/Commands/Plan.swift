import Engine
import JSON
import Pipelines
import Postgres

/// `etl plan`: what a run would do, need and find in its way; with `--rows` what the first rows would become. It writes
/// nothing.
func plan(_ options: PlanOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(options.pipeline)
    let site = work.site()
    let view = PlanView(site: site, pipeline: pipeline, schema: schema, limits: work.limits())
    let again = work.command("plan", pipeline.name)
    if let rows = options.rows {
        let found = try working(rerun: again) { try view.previews(rows: Int64(rows)) }
        show(found.rows, found.impossible, of: pipeline, terminal)
        return .done
    }
    let report = try working(rerun: again) { try view.report(sample: Int64(options.sample ?? 1000)) }
    if terminal.style.isJSON {
        terminal.result(PlanJSON.object(report))
        return .done
    }
    let text = PlanText(report, lockTimeout: site.deadlines.lock) { work.command($0, pipeline.name) }
    for line in text.lines { terminal.result(line) }
    return .done
}

private func show(_ rows: [RowPreview], _ impossible: [String], of pipeline: Pipeline, _ terminal: Terminal) {
    if terminal.style.isJSON {
        terminal.result(
            .object([
                ("pipeline", .string(pipeline.name)), ("rows", .array(rows.map(PlanJSON.object))),
                ("not_possible", .array(impossible.map(JSONValue.string))),
            ]))
        return
    }
    let text = RowsText(columns: terminal.resultColumns)
    for (index, row) in rows.enumerated() {
        if index > 0 { terminal.result("") }
        for line in text.lines(row) { terminal.result(line) }
    }
    for reason in impossible { terminal.note("not possible: \(reason)") }
    let reads = pipeline.stages.contains { if case .stream = $0.work { true } else { false } }
    if !reads { terminal.note("\(pipeline.name) transforms no rows") }
    if reads, rows.isEmpty, impossible.isEmpty { terminal.note("\(pipeline.name): the sources hold no rows") }
}
