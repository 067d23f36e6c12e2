import Engine
import JSON
import Pipelines

/// `etl purge`: forgets the run of a pipeline, with its archives.
func purge(_ options: PurgeOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(options.pipeline)
    let later = work.later(than: pipeline.name)
    let site = work.site(work.stopOnSignals())
    let result = try working(rerun: work.command("purge", pipeline.name)) {
        try Purge(site: site, pipeline: pipeline, schema: schema, later: later, database: options.confirm).perform()
    }
    if terminal.style.isJSON {
        terminal.result(
            .object([
                ("event", .string("ended")), ("code", .int(Int64(ExitCode.done.rawValue))),
                ("name", .string(ExitCode.done.name)), ("run", result.run.map(JSONValue.int) ?? .null),
                ("nothing_to_do", .bool(result.run == nil)),
                ("archives", .array(result.archives.map(JSONValue.string))),
            ]))
        return .done
    }
    guard let run = result.run else {
        terminal.result("\(pipeline.name): nothing to purge")
        return .done
    }
    for archive in result.archives { terminal.result("\(pipeline.name): removed the archive \(archive)") }
    terminal.result("\(pipeline.name): run \(run) is forgotten; the audit keeps its entries")
    return .done
}
