import Engine
import JSON
import Pipelines
import Postgres

/// `etl preflight`: everything at once that would stand in a run's way, each with what settles it. It writes nothing.
func preflight(pipeline name: String, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(name)
    let again = work.command("preflight", pipeline.name)
    let report = try working(rerun: again) {
        try Preflight(
            site: work.site(), pipeline: pipeline, schema: schema, limits: work.limits()
        ).report()
    }
    let code: ExitCode = report.isClear ? .done : .failed
    let next = report.isClear ? nil : "settle what is named, then again: \(again)"
    if terminal.style.isJSON {
        terminal.result(PreflightText.json(report, pipeline: pipeline.name, code, next: next))
        return code
    }
    for line in PreflightText.lines(report, pipeline: pipeline.name) { terminal.result(line) }
    if let next {
        let problems = report.findings.count { $0.weight == .problem }
        terminal.conclude("\(pipeline.name): \(Quantity.counted(Int64(problems), "problem")) in the way; next: \(next)")
    }
    return code
}
