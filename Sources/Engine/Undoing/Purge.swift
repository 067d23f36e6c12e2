import Ledger
public import Pipelines
public import Postgres

/// What came of purging.
public struct PurgeResult: Sendable {
    /// The run that was forgotten; nil where there was none.
    public let run: Int64?
    /// The archives that were removed.
    public let archives: [String]
}

/// Forgets a run: its rows in the ledger, and the archives of what it dropped. The tables of the application stay as they
/// are, and so do the entries in the audit.
public struct Purge {
    private let site: Site
    private let pipeline: Pipeline
    private let schema: Identifier
    private let later: [String]
    private let database: String?

    /// Prepares to forget a run. `later` are the pipelines that build on it, those that build on others of them first.
    public init(site: Site, pipeline: Pipeline, schema: Identifier, later: [String], database: String?) {
        self.site = site.trustingOwners(of: pipeline, on: schema)
        self.pipeline = pipeline
        self.schema = schema
        self.later = later
        self.database = database
    }

    /// Forgets it, in one transaction; throws `Failure` where something is in the way.
    public func perform() throws -> PurgeResult {
        let session = Session(site: site, name: "etl")
        try session.open()
        return try ActiveRun.waitingForOthers(site) {
            try session.perform("purging \(pipeline.name)") { connection in
                try connection.transaction(site.defining) { try purge($0) }
            }
        }
    }

    private func purge(_ transaction: borrowing Transaction) throws -> PurgeResult {
        try ConfirmGuard.refuse(Consent(database: database), transaction)
        let presence = try site.ledger.presence(transaction)
        try LedgerGuard.admit(presence, site.ledger)
        guard presence == .ours, try site.ledger.run(of: pipeline.name, on: schema, transaction) != nil else {
            return PurgeResult(run: nil, archives: [])
        }
        let run = try site.ledger.lockRun(of: pipeline.name, on: schema, transaction)
        try RunBinding.check(run, site.ledger, transaction)
        try ActiveRun.refuse(run, site.ledger, transaction)
        try HalfUndone.refuse(run, site)
        let archives = try archives(of: run.id, transaction)
        try refuse(archives, transaction)
        for archive in archives { try transaction.run("drop table \(archive) restrict") }
        try site.ledger.removeRun(run.id, transaction)
        let names = archives.map(\.description)
        try site.ledger.audit(
            .purge, run: run.id, pipeline: pipeline.name,
            detail: (names.isEmpty ? "it had no archive" : "with \(names.joined(separator: ", "))") + "; "
                + ConfirmGuard.record(database), by: site.actor, transaction)
        return PurgeResult(run: run.id.value, archives: names)
    }

    private func refuse(_ archives: [QualifiedName], _ transaction: borrowing Transaction) throws {
        try LaterRuns.refuse("purge", pipeline.name, later: later, on: schema, site, transaction)
        if archives.isEmpty || database != nil || Mutant.is(.purgeUnconfirmed) { return }
        let name = try transaction.row("select current_database()").text(0) ?? ""
        let command = site.command("purge", pipeline.name, ShellWord.option("confirm", name))
        let list = archives.map(\.description).joined(separator: ", ")
        throw Failure(
            .refused,
            "this removes \(list) in database \(name), where what was dropped is kept, and was not confirmed",
            next: command)
    }

    /// The archives that drops of the run made, those of drops that were undone included.
    private func archives(of run: RunID, _ transaction: borrowing Transaction) throws -> [QualifiedName] {
        var tables: [QualifiedName] = []
        for stage in try site.ledger.stages(of: run, transaction) where stage.kind == "retire" {
            for record in try site.ledger.created(by: stage.name, of: run, transaction) {
                guard case .table(let name)? = CreatedObject(record), name.schema == site.ledger.schema,
                    try TableFacts(name, transaction) != nil
                else { continue }
                tables.append(name)
            }
            // One that was made for a drop that did not come to pass.
            guard let copy = stage.archive else { continue }
            let name = QualifiedName(schema: site.ledger.schema, name: copy)
            if try TableFacts(name, transaction) != nil { tables.append(name) }
        }
        return tables
    }
}
