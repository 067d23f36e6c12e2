/// One command: everything that parsing, help and suggestions need to know about it.
struct CommandEntry: Sendable {
    /// How many arguments a command takes, and what they are called.
    enum Arguments: Sendable {
        case none
        case optional(String)
        case one(String)
        /// One, which may be a number of steps down such as -1.
        case target(String)
        case several(String)
        /// The first argument is one of these; what follows `rest` is passed on untouched.
        case action([String], rest: String)
    }

    let name: String
    /// What it does, in one line.
    let summary: String
    let arguments: Arguments
    var options: [Option] = []
    /// What an operator would type.
    let example: String
    /// Makes the command of what was gathered.
    let make: @Sendable (Draft, [String]) throws(UsageError) -> Command
}

/// All commands and options of the program.
enum CommandTable {
    static let commands = pipelineCommands + revisionCommands + otherCommands

    private static let pipelineCommands: [CommandEntry] = [
        CommandEntry(
            name: "run", summary: "run pipelines, or go on where they stopped",
            arguments: .several("PIPELINE"),
            options: runOptions, example: "etl run chapter-sections --until sections", make: makeRun),
        CommandEntry(
            name: "list", summary: "list the pipelines and their stages", arguments: .none,
            example: "etl list",
            make: { (_, _) throws(UsageError) in .list }),
        CommandEntry(
            name: "status", summary: "show what is done, and how far", arguments: .optional("PIPELINE"),
            options: statusOptions, example: "etl status chapter-sections --watch",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.status
                options.pipeline = arguments.first
                return .status(options)
            }),
        CommandEntry(
            name: "preflight", summary: "look for everything that would stand in a run's way",
            arguments: .one("PIPELINE"), example: "etl preflight chapter-sections",
            make: { (_, arguments) throws(UsageError) in .preflight(pipeline: arguments[0]) }),
        CommandEntry(
            name: "plan", summary: "show what a run would do, and what it would cost", arguments: .one("PIPELINE"),
            options: planOptions, example: "etl plan chapter-sections --rows 5",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.plan
                options.pipeline = arguments[0]
                return .plan(options)
            }),
        CommandEntry(
            name: "verify", summary: "compare what was migrated with the source, row by row",
            arguments: .one("PIPELINE"), options: verifyOptions, example: "etl verify chapter-sections",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.verify
                options.pipeline = arguments[0]
                return .verify(options)
            }),
        CommandEntry(
            name: "catch-up", summary: "bring over what came, changed or vanished since",
            arguments: .one("PIPELINE"), options: catchUpOptions, example: "etl catch-up chapter-sections",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.catchUp
                options.pipeline = arguments[0]
                return .catchUp(options)
            }),
        CommandEntry(
            name: "rejects", summary: "show the rows that could not be migrated, and why",
            arguments: .one("PIPELINE"),
            options: rejectsOptions, example: "etl rejects chapter-sections --export rejects.jsonl",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.rejects
                options.pipeline = arguments[0]
                return .rejects(options)
            }),
        CommandEntry(
            name: "retry", summary: "process rejected rows again after the data was mended",
            arguments: .one("PIPELINE"),
            example: "etl retry chapter-sections",
            make: { (_, arguments) throws(UsageError) in .retry(pipeline: arguments[0]) }),
        CommandEntry(
            name: "undo", summary: "take a run back: dropped columns return, what it made goes",
            arguments: .one("PIPELINE"), options: undoOptions, example: "etl undo chapter-sections --confirm memoir",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.undo
                options.pipeline = arguments[0]
                return .undo(options)
            }),
        CommandEntry(
            name: "purge", summary: "forget a run: its archives and its rows in the ledger",
            arguments: .one("PIPELINE"), options: purgeOptions, example: "etl purge chapter-sections --confirm memoir",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.purge
                options.pipeline = arguments[0]
                return .purge(options)
            }),
        CommandEntry(
            name: "stop", summary: "ask a run, wherever it is, to stop in order", arguments: .one("PIPELINE"),
            example: "etl stop chapter-sections",
            make: { (_, arguments) throws(UsageError) in .stop(pipeline: arguments[0]) }),
        CommandEntry(
            name: "grants", summary: "print SQL for two roles that may do just what is needed",
            arguments: .one("PIPELINE"), options: grantsOptions, example: "etl grants chapter-sections",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.grants
                options.pipeline = arguments[0]
                return .grants(options)
            }),
    ]

    private static let otherCommands: [CommandEntry] = [
        CommandEntry(
            name: "config", summary: "show every setting and where it came from", arguments: .none,
            example: "etl config --json", make: { (_, _) throws(UsageError) in .config }),
        CommandEntry(
            name: "sandbox", summary: "a private PostgreSQL to try things on",
            arguments: .action(["start", "stop", "url", "psql"], rest: "psql"),
            example: "etl sandbox psql -c 'table chapter_sections'", make: makeSandbox),
    ]

    /// Names that are understood as a command.
    static var names: [String] { commands.map(\.name) + ["help"] }

    static func command(named name: String) -> CommandEntry? {
        commands.first { $0.name == name }
    }

    /// The command line that explains an option.
    static func help(onOption name: String) -> String {
        let owner = commands.first { $0.options.contains { $0.name == name } }
        return owner.map { "etl \($0.name) --help" } ?? "etl --help"
    }

    private static let makeRun: @Sendable (Draft, [String]) throws(UsageError) -> Command = {
        (draft, arguments) throws(UsageError) in
        var options = draft.run
        options.pipelines = arguments
        for (index, name) in arguments.enumerated() where arguments[..<index].contains(name) {
            throw .repeatedPipeline(PlainWord(name))
        }
        let named =
            options.with.map { ("with", $0.pipeline) }
            + options.acceptedRejects.map { ("accept-rejects", $0.pipeline) }
        for (option, pipeline) in named {
            if let pipeline {
                guard arguments.contains(pipeline) else { throw .option(option, .unnamedPipeline) }
            } else if arguments.count > 1 {
                throw .option(option, .ambiguousPipeline)
            }
        }
        let counted = options.acceptedRejects.map(\.pipeline)
        for (index, name) in counted.enumerated() where counted[..<index].contains(name) {
            throw .option("accept-rejects", .statedTwice)
        }
        return .run(options)
    }

    private static let makeSandbox: @Sendable (Draft, [String]) throws(UsageError) -> Command = {
        (_, arguments) throws(UsageError) in
        if arguments[0] != "psql", arguments.count > 1 {
            throw .surplusArgument(command: "sandbox", position: 2)
        }
        switch arguments[0] {
        case "start": return .sandbox(.start)
        case "stop": return .sandbox(.stop)
        case "url": return .sandbox(.url)
        default: return .sandbox(.psql(Array(arguments.dropFirst())))
        }
    }
}
