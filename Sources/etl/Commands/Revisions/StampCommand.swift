import JSON
import Revisions

/// `etl stamp`: says what is applied and runs nothing.
func stamp(_ options: StampOptions, _ setting: RevisionSetting) throws(CommandFailure) -> ExitCode {
    var targets: [Target] = []
    for text in options.targets { targets.append(try target(text)) }
    let work = setting.work()
    return try revising(rerun: setting.pipelines.command("stamp", options.targets.joined(separator: " "))) {
        let plan = try work.stampPlan(to: targets, purging: options.purges)
        let unfinished = try unfinishedData(plan, setting)
        guard unfinished.isEmpty || options.isForced else {
            throw RevisionFailure(
                .refused, "the stamp passes over a data step that is not done", details: unfinished,
                next:
                    "run it first: etl upgrade; or pass over it: etl stamp \(options.targets.joined(separator: " ")) --force"
            )
        }
        let detail = unfinished.isEmpty ? "" : ", forced over " + unfinished.joined(separator: "; ")
        let done = try work.stamp(to: targets, purging: options.purges, detail: detail)
        return try tell("stamped", done.added + done.removed, work, setting)
    }
}

/// The data steps that would count as done, or be forgotten half done: those of revisions that come or go.
private func unfinishedData(_ plan: RevisionWork.StampPlan, _ setting: RevisionSetting) throws -> [String] {
    var found: [String] = []
    for id in plan.added + plan.removed {
        guard let name = setting.history.file(id)?.pipeline else { continue }
        let state = try DataStep(name, setting.pipelines).state()
        let isAdded = plan.added.contains(id)
        // Nothing is lost where what was never begun is no longer said to be there.
        guard isAdded ? !state.isDone : state.summary != nil && !state.isDone else { continue }
        found.append("revision \(id), pipeline \(name): \(state.text)")
    }
    return found
}
