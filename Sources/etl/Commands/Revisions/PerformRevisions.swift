import Revisions

extension Invocation {
    /// Does what was asked for about revisions. Settings are settled only for commands that need a database.
    func perform(
        _ command: RevisionCommand, terminal: Terminal, settings: () throws(CommandFailure) -> Settings
    ) throws(CommandFailure) -> ExitCode {
        let project = RevisionProject(directory: global.project ?? ".")
        let history = try project.history()
        func setting() throws(CommandFailure) -> RevisionSetting {
            RevisionSetting(
                pipelines: PipelineWork(settings: try settings(), terminal: terminal), history: history)
        }
        /// For what changes a database: in a wrong directory there would be nothing to do, and no word about it.
        func changing() throws(CommandFailure) -> RevisionSetting {
            guard !history.graph.revisions.isEmpty else {
                throw CommandFailure(
                    .usage,
                    Explanation(
                        summary: "there are no revisions in \(RevisionProject.folder)/",
                        next: "go to the project's directory, or name it with --project"))
            }
            return try setting()
        }
        switch command {
        case .new(let options): return try newRevision(options, history, project, terminal)
        case .merge(let targets, let options): return try merge(targets, options, history, project, terminal)
        case .upgrade(let options) where options.isOffline:
            return try offline(.upgrade, options, history, try settings(), terminal)
        case .downgrade(let options) where options.isOffline:
            return try offline(.downgrade, options, history, try settings(), terminal)
        case .upgrade(let options): return try upgrade(options, try changing())
        case .downgrade(let options): return try downgrade(options, try changing())
        case .current(let isVerbose, let checksHeads):
            return try current(isVerbose: isVerbose, checksHeads: checksHeads, try setting())
        case .history(let options): return try showHistory(options, history, terminal, setting)
        case .heads(let isVerbose, let resolvesDependencies):
            let heads = resolvesDependencies ? history.graph.topmost : history.graph.heads
            list(heads, isVerbose: isVerbose, RevisionText(history: history), named: "heads", terminal)
            return .done
        case .branches(let isVerbose):
            showBranches(isVerbose: isVerbose, history, terminal)
            return .done
        case .show(let target): return try show(target, history, project, terminal, setting)
        case .stamp(let options): return try stamp(options, try changing())
        case .edit(let target): return try edit(target, history, project, terminal, setting)
        }
    }
}

/// Understands a target.
func target(_ text: String) throws(CommandFailure) -> Target {
    do throws(TargetError) { return try Target(text) } catch { throw CommandFailure(error) }
}
