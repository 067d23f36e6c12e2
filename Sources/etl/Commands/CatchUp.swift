import Engine
import JSON
import Pipelines

/// `etl catch-up`: brings over what came, changed or vanished in the source since, and lets later pipelines follow.
func catchUp(_ options: CatchUpOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(options.pipeline)
    var request = RunRequest(
        pipeline: pipeline, schema: schema, limits: work.limits(WorkOptions(batchBytes: options.batchBytes)),
        existing: Engine.ExistingRows(rawValue: options.onExisting.rawValue) ?? .stop,
        dependents: work.dependents(of: pipeline.name))
    request.maximumRejects = options.maximumRejects.map(Int64.init)
    let site = work.site(work.stopOnSignals())
    let result = try working(rerun: work.command("catch-up", pipeline.name)) {
        try CatchingUp(site: site, request: request).perform()
    }
    let open = result.summary.openRejects + result.openRejectsElsewhere
    let code: ExitCode = open > 0 ? .rejectsOpen : .done
    let next = open > 0 ? work.command("rejects", pipeline.name) : nil
    if terminal.style.isJSON {
        terminal.result(
            .object([
                ("event", .string("ended")), ("code", .int(Int64(code.rawValue))), ("name", .string(code.name)),
                ("stages", .array(result.stages.map(json))), ("summary", SummaryText.json(result.summary)),
                ("next", next.map(JSONValue.string) ?? .null),
            ]))
        return code
    }
    if result.stages.allSatisfy(\.changes.isEmpty) {
        terminal.result("\(pipeline.name): nothing has changed since it was read")
    }
    for stage in result.stages where !stage.changes.isEmpty {
        terminal.result("\(stage.pipeline), \(stage.stage): caught up with \(stage.changes)")
    }
    if let next { terminal.conclude("\(Quantity.counted(open, "reject")) open; next: \(next)") }
    return code
}

private func json(_ stage: CaughtUpStage) -> JSONValue {
    .object([
        ("pipeline", .string(stage.pipeline)), ("stage", .string(stage.stage)), ("new", .int(stage.changes.new)),
        ("changed", .int(stage.changes.changed)), ("deleted", .int(stage.changes.vanished)),
    ])
}
