import Engine
import JSON
import Pipelines
import Postgres

/// `etl stop`: asks a run, wherever it is, to stop in order. It does not wait for it.
func stop(pipeline name: String, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let (pipeline, schema) = try work.load(name)
    let asked = try working(rerun: "etl stop \(name)") {
        try LedgerView(site: work.site()).requestStop(of: pipeline.name, on: schema)
    }
    if terminal.style.isJSON {
        let list = asked.map { JSONValue.object([("host", .string($0.host)), ("pid", .int($0.pid))]) }
        terminal.result(.object([("asked", .array(list))]))
        return .done
    }
    if asked.isEmpty { terminal.result("\(pipeline.name): nobody works on it, so there is nothing to stop") }
    for worker in asked {
        terminal.result("\(pipeline.name): asked process \(worker.pid) on \(worker.host) to stop after its batch")
    }
    return .done
}
