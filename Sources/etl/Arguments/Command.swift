import Postgres

/// A command line, understood: what to do, and the options that every command takes.
struct Invocation: Sendable, Equatable {
    var command: Command
    var global = GlobalOptions()
}

/// What to do, with the options of that command and of no other.
enum Command: Sendable, Equatable {
    case run(RunOptions)
    case list
    case status(StatusOptions)
    case plan(PlanOptions)
    case preflight(pipeline: String)
    case verify(VerifyOptions)
    case catchUp(CatchUpOptions)
    case rejects(RejectsOptions)
    case retry(pipeline: String)
    case undo(UndoOptions)
    case purge(PurgeOptions)
    case config
    case sandbox(SandboxAction)
    case stop(pipeline: String)
    case grants(GrantOptions)
    case revisions(RevisionCommand)
    /// Help about one command, or about the program.
    case help(command: String?)
    case version
}

/// Options that every command takes; what is nil was not stated.
struct GlobalOptions: Sendable, Equatable {
    var databaseURL: Secret?
    var project: String?
    var schema: Identifier?
    var ledgerSchema: Identifier?
    var isJSON = false
    var isQuiet = false
    var logFile: String?
    var documentBytes: Int?
    var deadlines = StatedDeadlines()
}

/// The deadlines that were stated on the command line.
struct StatedDeadlines: Sendable, Equatable {
    var connect: Duration?
    var statement: Duration?
    var lock: Duration?
    var outage: Duration?
}

/// How many hands a stage gets, and how much each takes at a time; nil leaves it to the engine.
struct WorkOptions: Sendable, Equatable {
    var workers: Int?
    var batchRows: Int?
    var batchBytes: Int?
}

/// Options of `etl run`.
struct RunOptions: Sendable, Equatable {
    var pipelines: [String] = []
    var with: [StageReference] = []
    var withAll = false
    var until: String?
    var work = WorkOptions()
    var join = false
    var onExisting = ExistingRows.stop
    var confirm: String?
    var acceptedRejects: [AcceptedRejects] = []
    var acceptedKeys: [String] = []
    var maximumLockedRows: Int?
    var maximumRejects: Int?
    var maximumLag: Int?
    var maximumRate: Int?
    var noArchive = false
}

/// A stage named on the command line: `STAGE`, or `PIPELINE:STAGE` when several pipelines are named.
struct StageReference: Sendable, Equatable {
    var pipeline: String?
    var stage: String
}

/// A number of open rejects that the operator accepts, of the only pipeline or of the one named.
struct AcceptedRejects: Sendable, Equatable {
    var pipeline: String?
    var count: Int
}

/// What to do with rows of other origin that are in the target and differ.
enum ExistingRows: String, Sendable, CaseIterable {
    case stop, keep, replace
}

/// Options of `etl status`.
struct StatusOptions: Sendable, Equatable {
    var pipeline: String?
    var watch = false
}

/// Options of `etl plan`.
struct PlanOptions: Sendable, Equatable {
    var pipeline = ""
    /// How many source rows are tried; nil leaves it to the engine.
    var sample: Int?
    /// How many source rows are shown beside the rows they become; nil for none.
    var rows: Int?
}

/// Options of `etl verify`.
struct VerifyOptions: Sendable, Equatable {
    var pipeline = ""
    var work = WorkOptions()
}

/// Options of `etl catch-up`.
struct CatchUpOptions: Sendable, Equatable {
    var pipeline = ""
    var onExisting = ExistingRows.stop
    var batchBytes: Int?
    var maximumRejects: Int?
}

/// Options of `etl rejects`.
struct RejectsOptions: Sendable, Equatable {
    var pipeline = ""
    var export: String?
    var limit: Int?
}

/// Options of `etl undo`.
struct UndoOptions: Sendable, Equatable {
    var pipeline = ""
    var confirm: String?
    var discardNew = false
}

/// Options of `etl purge`.
struct PurgeOptions: Sendable, Equatable {
    var pipeline = ""
    var confirm: String?
}

/// Options of `etl grants`.
struct GrantOptions: Sendable, Equatable {
    var pipeline = ""
    var owner: Identifier = Identifier("etl_owner")
    var runner: Identifier = Identifier("etl_runner")
}

/// What to do with the private PostgreSQL.
enum SandboxAction: Sendable, Equatable {
    case start, stop, url
    /// Runs psql with these arguments, passed on as they are.
    case psql([String])
}
