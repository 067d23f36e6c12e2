extension CommandTable {
    /// Options that every command takes.
    static let globalOptions: [Option] = [
        .text("database-url", "URL", "the database; else DATABASE_URL, .env, then what libpq finds") {
            $0.global.databaseURL = Secret($1)
        },
        .text("project", "DIR", "where pipelines/ and sql/ are; else the working directory") {
            $0.global.project = $1
        },
        .identifier("schema", "the schema of the tables; else the pipeline's") { $0.global.schema = $1 },
        .identifier("ledger-schema", "the schema of the ledger; else etl") { $0.global.ledgerSchema = $1 },
        .flag("json", "events and results as JSON, one object a line, on stdout") { $0.global.isJSON = true },
        .flag("quiet", "nothing but results and errors") { $0.global.isQuiet = true },
        .text("log-file", "FILE", "append every event and message to this file") { $0.global.logFile = $1 },
        .seconds("connect-timeout", 1...600, "give up a connection attempt after S seconds; else 10") {
            $0.global.deadlines.connect = $1
        },
        .seconds("statement-timeout", 0...86_400, "give up a statement after S seconds, 0 never; else 300") {
            $0.global.deadlines.statement = $1
        },
        .seconds("lock-timeout", 0...600, "wait at most S seconds for a lock on a table; else 2") {
            $0.global.deadlines.lock = $1
        },
        .seconds("max-outage", 0...86_400, "how long a lost server is waited for; else 600") {
            $0.global.deadlines.outage = $1
        },
        .bytes("max-document-bytes", 1024...1 << 30, "reject larger documents without fetching them; else 8MiB") {
            $0.global.documentBytes = $1
        },
        .flag("help", "help about the program, or about the command") { $0.wantsHelp = true },
        .flag("version", "the version of the program") { $0.wantsVersion = true },
    ]

    static let runOptions: [Option] =
        [
            .text("with", "STAGE", "run this optional stage too; PIPELINE:STAGE with several", repeats: true) {
                (draft: inout Draft, text: String) throws(ValueProblem) in
                draft.run.with.append(try OptionValue.stage(text))
            },
            .flag("all", "every optional stage that is not destructive") { $0.run.withAll = true },
            .text("until", "STAGE", "run up to and including this stage; a later run continues") {
                $0.run.until = $1
            },
        ] + workOptions { draft, change in change(&draft.run.work) } + [
            maximumRejects { $0.run.maximumRejects = $1 },
            .bytes(
                "max-lag", 0...1 << 40, "wait while a standby is more than N bytes of WAL behind; else never"
            ) {
                $0.run.maximumLag = $1
            },
            .bytes(
                "max-wal-rate", 1024...1 << 40, "wait while the server writes more WAL a second; else never"
            ) {
                $0.run.maximumRate = $1
            },
            .flag("join", "help a run that is active already, here or elsewhere") { $0.run.join = true },
            onExisting { $0.run.onExisting = $1 },
            .text("confirm", "DATABASE", "the database's name, which destructive stages ask for") {
                $0.run.confirm = $1
            },
            .text(
                "accept-rejects", "N", "accept exactly N open rejects; PIPELINE=N with several pipelines",
                repeats: true
            ) { (draft: inout Draft, text: String) throws(ValueProblem) in
                draft.run.acceptedRejects.append(try OptionValue.acceptedRejects(text))
            },
            .text(
                "accept-unmapped", "NAME,…", "accept to lose these keys that nothing reads; \\, is a comma in a name",
                repeats: true
            ) {
                (draft: inout Draft, text: String) throws(ValueProblem) in
                draft.run.acceptedKeys += try OptionValue.names(text)
            },
            .number(
                "max-locked-rows", 0...1_000_000, "rows that a drop brings over under its lock at most; else 5000"
            ) {
                $0.run.maximumLockedRows = $1
            },
            .flag("no-archive", "keep no copy of the columns that are dropped; they cannot be brought back") {
                $0.run.noArchive = true
            },
        ]

    static let statusOptions: [Option] = [
        .flag("watch", "show it again and again until nobody is at work") { $0.status.watch = true }
    ]

    static let planOptions: [Option] = [
        .number("sample", 0...10_000_000, "try N rows of each source; else 1000") { $0.plan.sample = $1 },
        .number("rows", 1...1000, "show N rows of each source beside what they become") { $0.plan.rows = $1 },
    ]

    static let verifyOptions = workOptions { draft, change in change(&draft.verify.work) }

    static let catchUpOptions: [Option] = [
        onExisting { $0.catchUp.onExisting = $1 },
        .bytes("batch-bytes", 1024...1 << 30, "at most N bytes of documents in a transaction; else 8MiB") {
            $0.catchUp.batchBytes = $1
        },
        maximumRejects { $0.catchUp.maximumRejects = $1 },
    ]

    static let grantsOptions: [Option] = [
        .identifier("owner", "the role that alters tables; else etl_owner") { $0.grants.owner = $1 },
        .identifier("runner", "the role that moves rows; else etl_runner") { $0.grants.runner = $1 },
    ]

    static let rejectsOptions: [Option] = [
        .text("export", "FILE", "write the open rejects as JSON lines; - is stdout") {
            $0.rejects.export = $1
        },
        .number("limit", 1...1_000_000, "show at most N; else 20") { $0.rejects.limit = $1 },
    ]

    static let undoOptions: [Option] = [
        .text("confirm", "DATABASE", "the database's name, where something is removed") { $0.undo.confirm = $1 },
        .flag("discard-new", "remove what came or changed since the run, too") { $0.undo.discardNew = true },
    ]

    static let purgeOptions: [Option] = [
        .text("confirm", "DATABASE", "the database's name, where an archive is removed") { $0.purge.confirm = $1 }
    ]

    /// What becomes of rows that others made, for the commands that may meet some.
    private static func onExisting(_ set: @escaping @Sendable (inout Draft, ExistingRows) -> Void) -> Option {
        .text("on-existing", "stop|keep|replace", "rows of other origin in the target that differ; else stop") {
            (draft: inout Draft, text: String) throws(ValueProblem) in
            set(&draft, try OptionValue.choice(text, of: ExistingRows.self))
        }
    }

    /// When rejects stop the work, for the commands that may reject rows.
    private static func maximumRejects(_ set: @escaping @Sendable (inout Draft, Int) -> Void) -> Option {
        .number("max-rejects", 0...1_000_000_000, "stop when more than N rejects are open; else never", set)
    }

    /// Workers and batch sizes, for whichever command has them.
    static func workOptions(
        _ change: @escaping @Sendable (inout Draft, (inout WorkOptions) -> Void) -> Void
    ) -> [Option] {
        [
            .number(
                "workers", 1...256, "workers, each with a connection; else twice half the cores, at least 2"
            ) {
                (draft, number) in
                change(&draft) { $0.workers = number }
            },
            .number("batch-rows", 1...1_000_000, "at most N rows in a transaction; else 1000 to 5000") {
                (draft, number) in
                change(&draft) { $0.batchRows = number }
            },
            .bytes(
                "batch-bytes", 1024...1 << 30,
                "at most N bytes of documents in a transaction; else 8MiB, or a share of 16MiB"
            ) {
                (draft, number) in
                change(&draft) { $0.batchBytes = number }
            },
        ]
    }
}
