import Engine
import JSON
import Pipelines
import Postgres

/// `etl status`: how runs stand, read from the ledger; it writes nothing.
func status(pipeline name: String?, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let wanted = try name.map { name throws(CommandFailure) in try work.load(name).pipeline.name }
    let all = try working(rerun: "etl status") { try LedgerView(site: work.site()).summaries() }
    let summaries = all.filter { wanted == nil || $0.pipeline == wanted }
    if terminal.style.isJSON {
        terminal.result(.object([("runs", .array(summaries.map(SummaryText.json)))]))
        return .done
    }
    for line in summaries.flatMap(SummaryText.lines) { terminal.result(line) }
    if summaries.isEmpty {
        terminal.result(
            wanted.map { "\($0) was never run on this database" } ?? "nothing was ever run on this database")
    }
    return .done
}
