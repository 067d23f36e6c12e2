import Engine
import JSON
import Pipelines

/// `etl retry`: tries the rejected rows again, after their data was mended.
func retry(pipeline name: String, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(name)
    let site = work.site(work.stopOnSignals())
    let result = try working(rerun: work.command("retry", pipeline.name)) {
        try Retry(site: site, pipeline: pipeline, schema: schema, limits: work.limits()).perform()
    }
    let left = result.summary.openRejects
    let code: ExitCode = left > 0 ? .rejectsOpen : .done
    if terminal.style.isJSON {
        terminal.result(
            .object([
                ("event", .string("ended")), ("code", .int(Int64(code.rawValue))), ("name", .string(code.name)),
                ("resolved", .int(result.resolved)), ("gone", .int(result.gone)),
                ("summary", SummaryText.json(result.summary)),
            ]))
        return code
    }
    let gone = result.gone > 0 ? " (\(Quantity.grouped(result.gone)) of them deleted meanwhile)" : ""
    terminal.result(
        "\(pipeline.name): \(Quantity.counted(result.resolved, "reject")) resolved\(gone), \(left) still open")
    if left > 0 {
        terminal.conclude("\(Quantity.counted(left, "reject")) open; next: \(work.command("rejects", pipeline.name))")
    }
    return code
}
