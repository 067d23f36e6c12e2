import Engine
import JSON
import Pipelines
import Postgres

/// `etl stop`: asks a run, wherever it is, to stop in order. It does not wait for it.
func stop(pipeline name: String, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let asked = try working(rerun: work.command("stop", name)) {
        try LedgerView(site: work.siteOfProject).requestStop(of: name, on: settings.schema.value)
    }
    // A name that the ledger does not know may be misspelt; the project, where there is one, knows better.
    if asked.isEmpty, !PipelineCatalog(project: settings.project.value).isEmpty { _ = try work.load(name) }
    if terminal.style.isJSON {
        let list = asked.map { JSONValue.object([("host", .string($0.host)), ("pid", .int($0.pid))]) }
        terminal.result(.object([("asked", .array(list))]))
        return .done
    }
    if asked.isEmpty { terminal.result("\(name): nobody works on it, so there is nothing to stop") }
    for worker in asked {
        terminal.result("\(name): asked process \(worker.pid) on \(worker.host) to stop after its batch")
    }
    return .done
}
