import Engine
import JSON
import Postgres
import Revisions

/// `etl upgrade`: applies what a target needs and is not applied yet, data steps included.
func upgrade(_ options: StepOptions, _ setting: RevisionSetting) throws(CommandFailure) -> ExitCode {
    let goal = try target(options.target)
    let rerun = setting.pipelines.command("upgrade", options.target)
    let interruption = setting.pipelines.stopOnSignals()
    let work = setting.work(interruption)
    let upgrade = Upgrade(setting: setting, work: work, interruption: interruption, options: options)
    return try revising(rerun: rerun) {
        var steps: [RevisionID] = []
        if options.redoes, let redone = try work.redo(.upgrade, database: nil) { steps.append(redone) }
        let plan = try work.plan(.upgrade, to: goal)
        // What an earlier upgrade has not done to the end comes first: later revisions may count on the data.
        // What was stamped is left to whoever said that it is there.
        for record in try work.look().records where !record.wasStamped {
            if let code = try upgrade.finishData(record.id, rerun) { return code }
        }
        for id in plan {
            try work.apply(id)
            steps.append(id)
            if let code = try upgrade.finishData(id, rerun) { return code }
        }
        return try tell("upgraded", steps, work, setting)
    }
}

/// One upgrade, with the data steps that Revisions knows nothing of.
private struct Upgrade {
    let setting: RevisionSetting
    let work: RevisionWork
    let interruption: Interruption
    let options: StepOptions

    /// Runs the data step of a revision until it is done; a code where it is not, and the upgrade ends.
    func finishData(_ id: RevisionID, _ rerun: String) throws -> ExitCode? {
        guard let name = setting.history.file(id)?.pipeline else { return nil }
        let step = try DataStep(name, setting.pipelines)
        var state = try step.state()
        if !state.isComplete { state = try step.run(interruption) }
        if state.isDone || state.isComplete && options.acceptedRejects.map(Int64.init) == state.openRejects {
            return nil
        }
        guard state.isComplete else {
            throw RevisionFailure(
                .failed, "the data step of revision \(id), pipeline \(name), is not done: \(state.text)",
                next: setting.pipelines.command("status", name))
        }
        let open = Quantity.counted(state.openRejects, "reject")
        if options.acceptedRejects != nil {
            throw RevisionFailure(
                .refused,
                "the data step of revision \(id), pipeline \(name), has \(open) open, another number than accepted",
                next: "see them: \(setting.pipelines.command("rejects", name))")
        }
        let next = setting.pipelines.command("rejects", name)
        if setting.terminal.style.isJSON {
            setting.terminal.result(
                .object([
                    ("event", .string("ended")), ("code", .int(Int64(ExitCode.rejectsOpen.rawValue))),
                    ("name", .string(ExitCode.rejectsOpen.name)), ("revision", .string(id.text)),
                    ("pipeline", .string(name)), ("next", .string(next)),
                ]))
        }
        setting.terminal.conclude(
            "revision \(id): its data step \(name) has \(open) open, and later revisions wait; next: \(next), then "
                + "\(setting.pipelines.command("retry", name)); or \(rerun) --accept-rejects \(state.openRejects)")
        return .rejectsOpen
    }
}

/// Says what was done and where the database is now, as the table says it.
func tell(
    _ done: String, _ steps: [RevisionID], _ work: RevisionWork, _ setting: RevisionSetting
) throws -> ExitCode {
    let graph = setting.history.graph
    let current = graph.current(try graph.applied(upTo: try work.look().records.map(\.id)))
    let text = RevisionText(history: setting.history)
    if setting.terminal.style.isJSON {
        setting.terminal.result(
            .object([
                ("event", .string("ended")), ("code", .int(Int64(ExitCode.done.rawValue))),
                ("name", .string(ExitCode.done.name)), ("nothing_to_do", .bool(steps.isEmpty)),
                ("steps", .array(steps.map { .string($0.text) })),
                ("current", .array(current.map { text.json($0) })),
            ]))
        return .done
    }
    let place = current.isEmpty ? "<base>" : current.map { text.line($0) }.joined(separator: "; ")
    setting.terminal.result(steps.isEmpty ? "nothing to do, at \(place)" : "\(done) to \(place)")
    return .done
}
