import Engine
import Glibc
import Ledger
import Pipelines
import Postgres

/// What every command that works on a pipeline starts from: settings and the terminal.
struct PipelineWork {
    let settings: Settings
    let terminal: Terminal

    /// Reads a pipeline, and settles the schema whose tables it works on.
    func load(_ name: String) throws(CommandFailure) -> (pipeline: Pipeline, schema: Identifier) {
        do throws(PipelineError) {
            let pipeline = try PipelineCatalog(project: settings.project.value).load(name)
            return (pipeline, settings.schema.value ?? pipeline.schema ?? Identifier("public"))
        } catch {
            throw CommandFailure(.usage, Explanation(error, next: "etl list"))
        }
    }

    /// The pipelines that build on one.
    func dependents(of name: String) -> [Pipeline] {
        let found = PipelineCatalog(project: settings.project.value).dependents(of: name)
        for name in found.unreadable {
            terminal.note("pipeline \(name) builds on this one but cannot be read, so it is left behind; see etl list")
        }
        return found.pipelines
    }

    /// The names of the pipelines that build on one, those that build on others of them first.
    func later(than name: String) -> [String] {
        let found = PipelineCatalog(project: settings.project.value).dependents(of: name)
        return found.unreadable + found.pipelines.map(\.name).reversed()
    }

    /// A command on a pipeline as it must be typed to mean the same database and tables as this one does.
    func command(_ verb: String, _ pipeline: String) -> String {
        (["etl", verb, pipeline] + options).map(ShellWord.quoted).joined(separator: " ")
    }

    /// The options that were stated and that such a command must repeat.
    var options: [String] {
        var words: [String] = []
        if case .flag = settings.schema.origin, let schema = settings.schema.value {
            words += ["--schema", schema.name]
        }
        if case .flag = settings.ledgerSchema.origin { words += ["--ledger-schema", settings.ledgerSchema.value.name] }
        if case .flag = settings.project.origin { words += ["--project", settings.project.value] }
        if case .flag = settings.documentBytes.origin {
            words += ["--max-document-bytes", String(settings.documentBytes.value)]
        }
        return words
    }

    /// Where and for whom the work is done.
    func site(_ interruption: Interruption = Interruption(), reporter: (any Reporter)? = nil) -> Site {
        Site(
            target: settings.database.target, deadlines: settings.deadlines.forSessions, interruption: interruption,
            ledger: Ledger(schema: settings.ledgerSchema.value), actor: Self.actor,
            reporter: reporter ?? RunReporter(terminal), options: options)
    }

    /// The same for work that is on no pipeline: the owners of the tables of all of the project's are trusted with the ledger.
    var siteOfProject: Site {
        let names = (try? PipelineCatalog(project: settings.project.value).names()) ?? []
        return names.reduce(site()) { site, name in
            guard let (pipeline, schema) = try? load(name) else { return site }
            return site.trustingOwners(of: pipeline, on: schema)
        }
    }

    /// Lets SIGINT, SIGTERM and SIGHUP stop the work in order, and a second one, or nine seconds, at once.
    func stopOnSignals() -> Interruption {
        let interruption = Interruption()
        let terminal = terminal
        StopSignals.watch { signal in
            interruption.requestStop(signal: signal)
            terminal.note("stopping in order; the batch in hand is finished or rolled back first")
        } cancel: {
            interruption.requestCancel()
            // Sessions that cannot be told (a dead network) must not keep the program: it ends, and the server
            // rolls back what they had under way.
            poll(nil, 0, 500)
            let code = ExitCode(stoppedBy: interruption.stopSignal ?? SIGINT)
            terminal.explain(
                CommandFailure(
                    code, Explanation(summary: "stopped at once", next: "run it again, which goes on from here")))
            _exit(code.rawValue)
        }
        return interruption
    }

    /// The number of sessions that work at the same time: two for every two cores.
    static var standardWorkers: Int {
        max(2, 2 * (sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2))
    }

    /// The limits that the options and the settings state, the rest as usual.
    func limits(_ options: WorkOptions = WorkOptions()) -> BatchLimits {
        var limits = BatchLimits(
            bytes: options.batchBytes.map { Int64($0) }, documentBytes: Int64(settings.documentBytes.value),
            workers: options.workers ?? Self.standardWorkers)
        if let rows = options.batchRows { limits.rows = Int64(rows) }
        return limits
    }

    private static var actor: Actor {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let user = getpwuid(geteuid()).flatMap { $0.pointee.pw_name }
        return Actor(
            host: String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
            osUser: user.flatMap { String(validatingCString: $0) } ?? String(geteuid()), pid: getpid(),
            program: Help.version)
    }
}
