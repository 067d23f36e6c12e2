import Engine
import JSON
import Pipelines
import Postgres
import Revisions

/// `etl downgrade`: takes back what is above a target, data steps included.
func downgrade(_ options: StepOptions, _ setting: RevisionSetting) throws(CommandFailure) -> ExitCode {
    let goal = try target(options.target)
    let rerun = setting.pipelines.command("downgrade", options.target)
    let interruption = setting.pipelines.stopOnSignals()
    let work = setting.work(interruption)
    return try revising(rerun: rerun) {
        if options.redoes, let redone = try work.redo(.downgrade, database: options.confirm) {
            // Steps would be counted from another place by now.
            return try tell("downgraded", [redone], work, setting)
        }
        let plan = try work.plan(.downgrade, to: goal)
        var data: [RevisionID: DataStep] = [:]
        for id in plan {
            guard let name = setting.history.file(id)?.pipeline else { continue }
            let step = try DataStep(name, setting.pipelines)
            if try step.state().summary != nil { data[id] = step }
        }
        // All that stands in the way is told before anything is touched.
        try work.refuseLosses(
            plan, database: options.confirm,
            more: plan.compactMap { id in
                data[id].map {
                    "\(id): what pipeline \($0.pipeline.name) made; dropped columns are brought back from its archive"
                }
            })
        for id in plan {
            try data[id]?.undo(interruption, database: options.confirm)
            try work.takeBack(id, database: options.confirm)
        }
        return try tell("downgraded", plan, work, setting)
    }
}

/// `etl upgrade --sql` and `etl downgrade --sql`: a script for psql instead of the steps.
func offline(
    _ direction: RevisionEvent.Direction, _ options: StepOptions, _ history: RevisionHistory, _ settings: Settings,
    _ terminal: Terminal
) throws(CommandFailure) -> ExitCode {
    let script = OfflineScript(
        history: history, schema: settings.schema.value ?? Identifier("public"),
        ledgerSchema: settings.ledgerSchema.value, ledger: ledgerDefinition)
    let text = try revising(rerun: "etl \(direction.rawValue) \(options.target) --sql") {
        guard let range = try TargetRange(options.target) else {
            guard direction == .upgrade, !options.target.contains(":") else {
                throw RevisionFailure(
                    .usage, "without a database it must be said where the \(direction.rawValue) begins",
                    next: "etl \(direction.rawValue) FROM:TO --sql")
            }
            return try script.upgrade(from: nil, to: try Target(options.target))
        }
        switch (direction, range.lower, range.upper) {
        case (.upgrade, let lower, let upper?): return try script.upgrade(from: lower, to: upper)
        case (.downgrade, let lower?, let upper?): return try script.downgrade(from: lower, to: upper)
        default:
            throw RevisionFailure(
                .usage, "both ends of the way must be said", next: "etl \(direction.rawValue) FROM:TO --sql")
        }
    }
    if terminal.style.isJSON {
        terminal.result(.object([("sql", .string(text))]))
    } else {
        terminal.script(text)
    }
    return .done
}
