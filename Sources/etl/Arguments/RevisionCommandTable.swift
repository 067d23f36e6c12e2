extension CommandTable {
    /// The commands on revisions, with the names that Alembic's users know.
    static let revisionCommands: [CommandEntry] = [
        CommandEntry(
            name: "revision", summary: "write the file of a new revision", arguments: .none,
            options: newRevisionOptions, example: "etl revision -m add_model_name",
            make: { (draft, _) throws(UsageError) in .revisions(.new(try titled(draft.revision, "revision"))) }),
        CommandEntry(
            name: "upgrade", summary: "apply revisions, up to a target", arguments: .target("TARGET"),
            options: upgradeOptions, example: "etl upgrade head",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.steps
                options.target = arguments[0]
                return .revisions(.upgrade(options))
            }),
        CommandEntry(
            name: "downgrade", summary: "take revisions back, down to a target", arguments: .target("TARGET"),
            options: downgradeOptions, example: "etl downgrade -1",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.steps
                options.target = arguments[0]
                return .revisions(.downgrade(options))
            }),
        CommandEntry(
            name: "current", summary: "show what is applied: schema and data", arguments: .none,
            options: [verbose, checkHeads], example: "etl current --verbose",
            make: { (draft, _) throws(UsageError) in
                .revisions(.current(isVerbose: draft.isVerbose, checksHeads: draft.checksHeads))
            }),
        CommandEntry(
            name: "history", summary: "list revisions, the newest first", arguments: .none, options: historyOptions,
            example: "etl history --range=-3:current --indicate-current",
            make: { (draft, _) throws(UsageError) in
                var options = draft.history
                options.isVerbose = draft.isVerbose
                return .revisions(.history(options))
            }),
        CommandEntry(
            name: "heads", summary: "list the revisions that no other revises", arguments: .none,
            options: [verbose, resolveDependencies], example: "etl heads",
            make: { (draft, _) throws(UsageError) in
                .revisions(.heads(isVerbose: draft.isVerbose, resolvesDependencies: draft.resolvesDependencies))
            }),
        CommandEntry(
            name: "branches", summary: "list the revisions that several others revise", arguments: .none,
            options: [verbose], example: "etl branches",
            make: { (draft, _) throws(UsageError) in .revisions(.branches(isVerbose: draft.isVerbose)) }),
        CommandEntry(
            name: "show", summary: "show a revision and its file", arguments: .target("REV"), example: "etl show head",
            make: { (_, arguments) throws(UsageError) in .revisions(.show(arguments[0])) }),
        CommandEntry(
            name: "stamp", summary: "say what is applied, and run nothing", arguments: .several("TARGET"),
            options: stampOptions, example: "etl stamp head",
            make: { (draft, arguments) throws(UsageError) in
                var options = draft.stamp
                options.targets = arguments
                return .revisions(.stamp(options))
            }),
        CommandEntry(
            name: "merge", summary: "write the file of a revision that joins others", arguments: .several("REV"),
            options: mergeOptions, example: "etl merge heads -m join",
            make: { (draft, arguments) throws(UsageError) in
                .revisions(.merge(arguments, try titled(draft.revision, "merge")))
            }),
        CommandEntry(
            name: "edit", summary: "open a revision's file in your editor", arguments: .target("REV"),
            example: "etl edit head",
            make: { (_, arguments) throws(UsageError) in .revisions(.edit(arguments[0])) }),
    ]

    private static func titled(
        _ options: NewRevisionOptions, _ command: String
    ) throws(UsageError) -> NewRevisionOptions {
        guard !options.title.isEmpty else { throw .missingArgument(command: command, argument: "-m TITLE") }
        return options
    }
}
