import Engine
import JSON
import Pipelines

/// `etl undo`: takes the run of a pipeline back, until the database is as it was before.
func undo(_ options: UndoOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(options.pipeline)
    let later = work.later(than: pipeline.name)
    let request = UndoRequest(
        pipeline: pipeline, schema: schema, later: later, database: options.confirm, discardsNew: options.discardNew,
        limits: work.limits())
    let site = work.site(work.stopOnSignals())
    let result = try working(rerun: work.command("undo", pipeline.name)) {
        try Undo(site: site, request: request).perform()
    }
    if terminal.style.isJSON {
        terminal.result(json(result))
        return .done
    }
    if result.hadNothingToDo {
        terminal.result("\(pipeline.name): nothing to undo")
        return .done
    }
    terminal.result("\(pipeline.name): undone")
    for stage in result.stages { terminal.result("  \(stage.name): \(Printable.escaped(stage.what))") }
    for line in result.lacking { terminal.result("not as before: \(Printable.escaped(line))") }
    return .done
}

private func json(_ result: UndoResult) -> JSONValue {
    .object([
        ("event", .string("ended")), ("code", .int(Int64(ExitCode.done.rawValue))),
        ("name", .string(ExitCode.done.name)),
        ("run", result.run.map(JSONValue.int) ?? .null), ("nothing_to_do", .bool(result.hadNothingToDo)),
        (
            "stages",
            .array(result.stages.map { .object([("stage", .string($0.name)), ("done", .string($0.what))]) })
        ),
        ("not_as_before", .array(result.lacking.map(JSONValue.string))),
    ])
}
