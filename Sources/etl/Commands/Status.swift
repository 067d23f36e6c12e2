import Engine
import JSON
import Pipelines
import Postgres

/// `etl status`: how runs stand, read from the ledger; it writes nothing.
func status(_ options: StatusOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let name = options.pipeline
    let work = PipelineWork(settings: settings, terminal: terminal)
    let schema = settings.schema.value?.name
    let all = try working(rerun: "etl status") { try LedgerView(site: work.site()).summaries() }
    let summaries = all.filter { (name == nil || $0.pipeline == name) && (schema == nil || $0.schema == schema) }
    // A name that the ledger does not know may be misspelt; the project, where there is one, knows better.
    if let name, summaries.isEmpty, !PipelineCatalog(project: settings.project.value).isEmpty {
        _ = try work.load(name)
    }
    if terminal.style.isJSON {
        terminal.result(.object([("runs", .array(summaries.map(SummaryText.json)))]))
        return .done
    }
    for line in summaries.flatMap(SummaryText.lines) { terminal.result(line) }
    if summaries.isEmpty {
        terminal.result(
            name.map { "\($0) was never run on this database" } ?? "nothing was ever run on this database")
    }
    return .done
}
