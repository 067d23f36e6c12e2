import Engine
import JSON
import Pipelines
import Postgres

/// `etl verify`: compares what was migrated with the source, row by row, and shows the first differences.
func verify(_ options: VerifyOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(options.pipeline)
    let command = work.command("verify", pipeline.name)
    let request = RunRequest(
        pipeline: pipeline, schema: schema, limits: work.limits(options.work),
        dependents: work.dependents(of: pipeline.name))
    let site = work.site(work.stopOnSignals())
    let result = try working(rerun: command) { try Verifier(site: site, request: request).perform() }
    let code: ExitCode =
        !result.hasPassed ? .failed : result.summary.openRejects > 0 ? .rejectsOpen : .done
    let next = next(result, work, pipeline.name)
    if terminal.style.isJSON {
        terminal.result(VerifyText.json(result, code, next: next))
        return code
    }
    for line in VerifyText.lines(result) { terminal.result(line) }
    if let next { terminal.conclude(next) }
    return code
}

private func next(_ result: VerifyResult, _ work: PipelineWork, _ pipeline: String) -> String? {
    if !result.hasPassed {
        return "\(pipeline): not what it should be; next: look at these rows, mend them, then again: "
            + work.command("verify", pipeline)
    }
    guard result.summary.openRejects > 0 else { return nil }
    let rejects = Quantity.counted(result.summary.openRejects, "reject")
    return "\(rejects) open; next: \(work.command("rejects", pipeline))"
}
