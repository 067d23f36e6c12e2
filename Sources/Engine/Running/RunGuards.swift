public import Ledger
import Pipelines
import Postgres

/// Says no while somebody works on a run.
enum ActiveRun {
    /// How long another process is waited for before it is said to be active.
    private static let patience = 5.0

    /// Does what is refused while another process works on the run; waits a little for that to pass.
    static func waitingForOthers<R>(_ site: Site, _ work: () throws -> R) throws -> R {
        let deadline = MonotonicClock.now + patience
        while true {
            try site.throwIfStopping()
            do {
                return try work()
            } catch let failure as Failure where failure.kind == .anotherRun && MonotonicClock.now < deadline {
                _ = site.interruption.wait(seconds: 0.2)
            }
        }
    }

    /// Throws while a worker of the run lives, other than the one named, or a row that stands for its work is locked.
    static func refuse(
        _ run: Run, except own: WorkerID? = nil, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws {
        if Mutant.is(.runBesideOthers) { return }
        let living = try ledger.livingWorkers(of: run.id, transaction).filter { $0.id != own }
        guard try !living.isEmpty || ledger.hasLockedWork(of: run.id, transaction) else { return }
        let who = living.first.map { "by process \($0.pid) on \($0.host), since \($0.since)" }
        throw Failure(
            .anotherRun, "pipeline \(run.pipeline) is being run \(who ?? "by a session that is still ending")",
            next: "wait for it, help it with --join, or stop it with: etl stop \(run.pipeline)")
    }
}

/// Says no to work on a run that is half taken back.
enum HalfUndone {
    /// Throws while only some of its stages are undone: what is there is neither as before the run nor as after it.
    static func refuse(_ run: Run, _ site: Site) throws(Failure) {
        guard run.state == .undoing, !Mutant.is(.goOnHalfUndone) else { return }
        throw Failure(
            .refused, "pipeline \(run.pipeline) is half undone",
            next: "finish that: \(site.command("undo", run.pipeline))")
    }
}

/// Says no to a schema that is not our ledger.
public enum LedgerGuard {
    /// Throws unless there is a ledger of ours, or there was none and it was made.
    public static func admit(_ presence: Ledger.Presence, _ ledger: Ledger) throws(Failure) {
        switch presence {
        case .absent, .ours: return
        case .newer(let version):
            throw Failure(
                .refused,
                "the ledger in schema \(ledger.schema) has version \(version), this program knows \(Ledger.version)",
                next: "use the newer program that made it")
        case .tampered(let what):
            throw Failure(
                .refused, "the ledger has something that etl did not make: \(what)",
                details: ["it would be run with the rights of whoever uses the ledger, or hide rows"],
                next: "find out who made it, and remove it; or name another schema with --ledger-schema")
        case .another(let stranger):
            throw Failure(
                .refused,
                "the ledger is another's: \(stranger.what) belongs to the role \(stranger.role)",
                details: [
                    "whoever owns a part of it can let code run there with the rights of whoever uses the ledger",
                    "trusted are superusers, the owner of the database, the role that etl works as and those that it is a "
                        + "member of, and the owners of the pipeline's tables",
                ],
                next: "to trust that role, let a superuser say: grant \(stranger.role) to \(stranger.user); "
                    + "else find out what it wants there, or name another schema with --ledger-schema")
        case .foreign:
            throw Failure(
                .refused, "the schema \(ledger.schema) holds objects that are not a ledger of etl",
                next: "name another schema with --ledger-schema")
        }
    }
}

/// Says no to a database other than the one that the operator named.
enum ConfirmGuard {
    /// Throws when another was named. Whether one had to be named is seen when something is to be destroyed.
    static func refuse(_ consent: Consent, _ transaction: borrowing Transaction) throws {
        guard let named = consent.database else { return }
        let database = try transaction.row("select current_database()").text(0) ?? ""
        guard !database.utf8.elementsEqual(named.utf8), !Mutant.is(.dropInAnyDatabase) else { return }
        throw Failure(
            .refused, "--confirm names database \(named), but this is \(database)",
            next: "see which one is meant: etl config")
    }

    /// What the audit keeps of it.
    static func record(_ database: String?) -> String {
        database.map { "confirmed for database \($0)" } ?? "not confirmed"
    }
}

/// What a run is bound to.
enum RunBinding {
    /// What an operator runs who knows that this database is the very one, elsewhere by now.
    private static func claim(_ ledger: Ledger) -> String {
        """
        update \(ledger.schema.quoted).runs set database_oid = (select oid from pg_database where datname = \
        current_database()), system_identifier = (select system_identifier::text from pg_control_system())
        """
    }

    /// Throws when the run belongs to another cluster or database: a restored copy is not the one it was begun on.
    static func check(_ run: Run, _ ledger: Ledger, _ transaction: borrowing Transaction) throws {
        let identity = try ledger.identity(transaction)
        let isSameSystem =
            run.systemIdentifier == nil || identity.system == nil || run.systemIdentifier == identity.system
        guard isSameSystem, run.databaseOID == identity.database || Mutant.is(.goOnInACopy) else {
            throw Failure(
                .refused, "run \(run.id.value) was begun in another database or on another server than this one",
                details: [
                    "a copy of a database does not go on with the original's run",
                    "where this is a copy to try things on, its ledger is removed there, and rows that are there already "
                        + "are compared: drop schema \(ledger.schema.quoted) cascade",
                    "where this database has taken the other's place with its tables as they were, as after pg_upgrade, "
                        + "the ledger is told so: \(Self.claim(ledger))",
                ], next: "see which it is (etl config); then do what is said of it, and run again")
        }
    }
}

/// Says no to a pipeline that changed under its run.
enum StageChanges {
    /// Throws when a stage that was begun has another definition now, or is gone; gives the fingerprints of all. Checks
    /// and verifications move nothing and may change.
    @discardableResult
    static func refuse(
        in pipeline: Pipeline, of run: RunID, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws -> [String: String] {
        let hashes = try ledger.fingerprints(of: pipeline.stages.map(\.canonicalDefinition), transaction)
        let fingerprints = Dictionary(uniqueKeysWithValues: zip(pipeline.stages.map(\.name), hashes))
        let begun = try ledger.stages(of: run, transaction).filter { $0.state != .pending }
        for record in begun where !pipeline.stages.contains(where: { $0.name == record.name }) {
            throw Failure(
                .refused, "\(pipeline.file) has no stage \(record.name) any more, which was begun in this run",
                next: "bring the stage back under its name")
        }
        let changed = pipeline.stages.filter { stage in
            guard !stage.onlyLooks, let record = begun.first(where: { $0.name == stage.name }) else { return false }
            return record.fingerprint != fingerprints[stage.name] && !Mutant.is(.takeChangedStages)
        }
        guard !changed.isEmpty else { return fingerprints }
        let names = changed.map { "\($0.name) (\(pipeline.file):\($0.line))" }.joined(separator: ", ")
        throw Failure(
            .refused, "stages that were begun or done have changed since: \(names)",
            details: ["a comment, white space or a line ending is no change; a token of the SQL or the definition is"],
            next: "bring the definition back as it was when the stage was begun")
    }
}
