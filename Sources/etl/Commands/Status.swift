import Engine
import Glibc
import Pipelines
import Postgres

/// `etl status`: how runs stand, read from the ledger; it writes nothing.
func status(_ options: StatusOptions, settings: Settings, terminal: Terminal) throws(CommandFailure) -> ExitCode {
    let work = PipelineWork(settings: settings, terminal: terminal)
    let look = StatusLook(work: work, pipeline: options.pipeline)
    guard options.watch else {
        let report = try working(rerun: look.command) { try look.read(LedgerView(site: work.site())) }
        try look.refuseMisspelling(report)
        if terminal.style.isJSON {
            terminal.result(report.json())
        } else {
            for line in report.lines { terminal.result(line) }
        }
        return .done
    }
    let interruption = Interruption()
    // There is nothing under way that would have to be brought to an end first.
    StopSignals.watch { signal in
        interruption.requestStop(signal: signal)
        interruption.requestCancel()
    } cancel: {
        _exit(ExitCode.done.rawValue)
    }
    let troubles = TroubleReporter(RunReporter(terminal))
    try working(rerun: look.command) {
        do {
            let view = try LedgerView(site: work.site(interruption, reporter: troubles))
            let first = try look.read(view)
            try look.refuseMisspelling(first)
            try StatusWatch(
                terminal: terminal, wait: interruption.wait(seconds:), lastTrouble: { troubles.last },
                look: { try look.read(view) }
            ).follow(first)
        } catch let failure as Failure {
            // To end it is what the operator wanted, and no work was cut short by that.
            guard case .stopped = failure.kind else { throw failure }
        }
    }
    return .done
}

/// One look at how runs stand, and at what of the project was never begun.
struct StatusLook {
    let work: PipelineWork
    /// The pipeline that was asked for; nil for all.
    let pipeline: String?

    /// The command that looks again.
    var command: String { pipeline.map { work.command("status", $0) } ?? "etl status" }

    func read(_ view: LedgerView) throws -> StatusReport {
        let schema = work.settings.schema.value
        let summaries = try view.summaries(of: pipeline, on: schema)
        let entries = summaries.map { StatusReport.Entry(summary: $0, next: next($0)) }
        let known = Set(summaries.map(\.pipeline))
        let neverBegun = pipeline == nil ? names.filter { !known.contains($0) } : []
        return StatusReport(pipeline: pipeline, entries: entries, neverBegun: neverBegun)
    }

    /// A name that the ledger does not know may be misspelt; the project, where there is one, knows better.
    func refuseMisspelling(_ report: StatusReport) throws(CommandFailure) {
        if let pipeline, report.entries.isEmpty, !names.isEmpty { _ = try work.load(pipeline) }
    }

    /// The pipelines of the project; none where there is no project.
    private var names: [String] { (try? PipelineCatalog(project: work.settings.project.value).names()) ?? [] }

    private func next(_ summary: RunSummary) -> String? {
        if !summary.workers.isEmpty || summary.isUndone { return nil }
        if SummaryText.state(summary) == "undoing" { return command("undo", summary) }
        if SummaryText.state(summary) != "done" {
            // Without its name an optional stage is left out, and there would be nothing to do.
            let optional = summary.isComplete ? summary.stages.first { $0.isOptional && $0.state != "done" } : nil
            return command("run", summary) + (optional.map { " --with \($0.name)" } ?? "")
        }
        if summary.stages.contains(where: \.hasFoundDifferences) { return command("verify", summary) }
        return summary.openRejects > 0 ? command("rejects", summary) : nil
    }

    /// A command on the tables of a run, whether or not the pipeline's file says the same schema.
    private func command(_ verb: String, _ summary: RunSummary) -> String {
        let command = work.command(verb, summary.pipeline)
        guard work.settings.schema.value == nil else { return command }
        let usual = (try? work.load(summary.pipeline))?.schema ?? Identifier("public")
        return Identifier(summary.schema) == usual ? command : command + " --schema \(summary.schema)"
    }
}
