extension CommandTable {
    static let verbose = Option.flag("verbose", "all that is known of each") { $0.isVerbose = true }.short("v")

    static let checkHeads = Option.flag("check-heads", "end with 1 unless every head is applied") {
        $0.checksHeads = true
    }

    static let resolveDependencies = Option.flag(
        "resolve-dependencies", "leave out those that another depends on"
    ) { $0.resolvesDependencies = true }

    static let newRevisionOptions: [Option] =
        mergeOptions + [
            .text("head", "TARGET", "what it revises; else head", repeats: true) { $0.revision.heads.append($1) },
            .text("depends-on", "REV", "a revision or label that must be applied before", repeats: true) {
                $0.revision.dependsOn.append($1)
            },
            .flag("splice", "let it revise one that others revise already") { $0.revision.splices = true },
            .text("run", "PIPELINE", "the pipeline that is its data step") { $0.revision.pipeline = $1 },
        ]

    static let mergeOptions: [Option] = [
        .text("message", "TITLE", "what it is for, in a line") { (draft: inout Draft, text: String) in
            draft.revision.title = text
        }.short("m"),
        .text("branch-label", "LABEL", "a name for the branch that begins with it", repeats: true) {
            $0.revision.labels.append($1)
        },
        .text("rev-id", "ID", "its name; else twelve random digits") { $0.revision.id = $1 },
        .text("file-template", "TEMPLATE", "the file's name, in the words of Alembic's file_template") {
            $0.revision.template = $1
        },
    ]

    static let upgradeOptions: [Option] = [
        .flag("sql", "print a script for psql; TARGET may be FROM:TO") { $0.steps.isOffline = true },
        .flag("redo", "run a step again that was begun outside of a transaction") { $0.steps.redoes = true },
        .number("accept-rejects", 0...Int.max, "go on though a data step has exactly N open rejects") {
            $0.steps.acceptedRejects = $1
        },
    ]

    static let downgradeOptions: [Option] = [
        .flag("sql", "print a script for psql; TARGET must be FROM:TO") { $0.steps.isOffline = true },
        .flag("redo", "run a step again that was begun outside of a transaction") { $0.steps.redoes = true },
        .text("confirm", "DATABASE", "the database's name, where data is destroyed") { $0.steps.confirm = $1 },
    ]

    static let historyOptions: [Option] = [
        .text("range", "FROM:TO", "from one revision to another; current is one, too") {
            $0.history.range = $1
        }.short("r"),
        verbose,
        .flag("indicate-current", "mark what is current in the database") {
            $0.history.indicatesCurrent = true
        }.short("i"),
    ]

    static let stampOptions: [Option] = [
        .flag("purge", "forget first all that was said before") { $0.stamp.purges = true },
        .flag("force", "also over a data step that is not done") { $0.stamp.isForced = true },
    ]
}
