extension Invocation {
    /// Does what was asked for. Settings are settled only for commands that need them: help and the sandbox
    /// must work where the configuration is broken.
    func perform(environment: ProcessEnvironment, terminal: Terminal) throws(CommandFailure) -> ExitCode {
        switch command {
        case .help(let name):
            let text = name.flatMap(CommandTable.command(named:)).map(Help.text(for:)) ?? Help.program
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) { terminal.result(String(line)) }
            return .done
        case .version:
            terminal.result(Help.version)
            return .done
        case .sandbox(let action):
            return try sandbox(action, terminal: terminal)
        case .list:
            return try list(project: global.project ?? ".", terminal: terminal)
        case .config:
            return config(try settings(environment, terminal), terminal: terminal)
        case .run(let options):
            return try run(options, settings: try settings(environment, terminal), terminal: terminal)
        case .status(let options):
            return try status(options, settings: try settings(environment, terminal), terminal: terminal)
        case .plan(let options):
            return try plan(options, settings: try settings(environment, terminal), terminal: terminal)
        case .preflight(let pipeline):
            return try preflight(pipeline: pipeline, settings: try settings(environment, terminal), terminal: terminal)
        case .verify(let options):
            return try verify(options, settings: try settings(environment, terminal), terminal: terminal)
        case .catchUp(let options):
            return try catchUp(options, settings: try settings(environment, terminal), terminal: terminal)
        case .rejects(let options):
            return try rejects(options, settings: try settings(environment, terminal), terminal: terminal)
        case .retry(let pipeline):
            return try retry(pipeline: pipeline, settings: try settings(environment, terminal), terminal: terminal)
        case .undo(let options):
            return try undo(options, settings: try settings(environment, terminal), terminal: terminal)
        case .purge(let options):
            return try purge(options, settings: try settings(environment, terminal), terminal: terminal)
        case .stop(let pipeline):
            return try stop(pipeline: pipeline, settings: try settings(environment, terminal), terminal: terminal)
        case .revisions(let command):
            return try perform(command, terminal: terminal) { () throws(CommandFailure) in
                try settings(environment, terminal)
            }
        case .grants(let options):
            return try grants(options, settings: try settings(environment, terminal), terminal: terminal)
        }
    }

    private func settings(_ environment: ProcessEnvironment, _ terminal: Terminal) throws(CommandFailure) -> Settings {
        try OpenFileLimit.check()
        let settings: Settings
        do throws(SettingsError) {
            settings = try Settings(global, environment: environment) {
                () throws(EnvironmentFileOpening.Refusal) in try EnvironmentFileOpening.read(".env")
            }
        } catch {
            throw CommandFailure(.usage, Explanation(error))
        }
        for notice in settings.database.notices { terminal.note(Explanation.words(notice)) }
        settings.database.clearOverruledVariables()
        return settings
    }
}
