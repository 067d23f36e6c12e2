import Ledger
import Pipelines
import Postgres

/// A stage that drops columns whose rows were all shown to be elsewhere.
///
/// Twice it looks whether everything is as it must be: once beforehand, where everything that is in the way is told and
/// what the operator accepts is recorded; and once under the table's lock, in the one transaction that archives and drops.
struct RetireStage {
    let context: StageContext
    let retirement: Retirement

    private var site: Site { context.site }
    private var pipeline: String { context.request.pipeline.name }
    private var consent: Consent { context.request.consent }
    private var table: QualifiedName { context.table(retirement.table) }

    /// What came of looking beforehand.
    private enum Decision {
        case nothingLeft(String)
        case refused(Failure)
        /// Nothing is in the way; this is to be said before it is done.
        case admitted([String])
    }

    /// Does the stage.
    func perform() throws -> StageWork.Outcome {
        // What is accepted is recorded at the first look; at the second it is accepted already.
        let recorded = Consent(database: consent.database, keepsArchive: consent.keepsArchive)
        for (consent, isVerified) in [(consent, false), (recorded, true)] {
            let decision = try context.turn.take(site.defining, locking: [table]) { transaction, _ in
                try decide(consent, transaction)
            }
            switch decision {
            // Another process did it.
            case nil: return .done(rows: nil)
            case .nothingLeft(let reason): return .skipped(reason: reason)
            case .refused(let failure): throw failure
            case .admitted where !isVerified: try verifyOnceMore()
            case .admitted(let notices): for notice in notices { site.reporter.report(.notice(notice)) }
            }
        }
        do {
            let report = try context.turn.take(site.defining, locking: [table]) { transaction, _ in
                try drop(transaction)
            }
            if let report { site.reporter.report(.notice(report)) }
            return .done(rows: nil)
        } catch is ChangedUnderLock {
            throw try changedFailure()
        }
    }

    /// Compares everything once more: the sums tell of writes to the source, and nothing tells of writes to the target. Where
    /// another drop took away what it would compare, the verdict that was stored before must do.
    private func verifyOnceMore() throws {
        guard let stage = context.request.pipeline.stages.first(where: { $0.name == retirement.proof }),
            case .verify(let verification) = stage.work
        else { return }
        let (isGone, fingerprint) = try context.session.perform("stage \(stage.name)") { connection in
            try connection.transaction(site.looking) { transaction in
                let gone = try ArchiveCheck.dropped(
                    from: context.request.pipeline, on: context.request.schema, site.ledger, transaction)
                let hashes = try site.ledger.fingerprints(of: [stage.canonicalDefinition], transaction)
                return (!gone.isEmpty, hashes.first ?? "")
            }
        }
        if isGone { return }
        site.reporter.report(.notice("\(stage.name): once more, before anything is dropped"))
        let proof = StageContext(
            site: site, request: context.request, run: context.run, stage: stage, fingerprint: fingerprint,
            session: context.session)
        let work = VerifyStage(context: proof, verification: verification)
        let differences = DifferenceList()
        try work.reopen()
        _ = try work.verify(differences)
        for difference in differences.all { site.reporter.report(.notice(difference.lines.joined(separator: "; "))) }
    }

    private func decide(_ consent: Consent, _ transaction: borrowing Transaction) throws -> Decision {
        let columns = try RetiredColumns(retirement, schema: context.request.schema, transaction)
        if columns.present.isEmpty {
            let reason = "\(columns.table.name) has no column \(RetiredColumns.list(columns.missing)) any more"
            try begin(transaction)
            try site.ledger.skipStage(context.stage.name, of: context.run, because: reason, transaction)
            return .nothingLeft(reason)
        }
        let guards = RetireGuards(context: context, retirement: retirement, columns: columns)
        let scope = try guards.proof.scope(transaction)
        let dependents = try RetireGuards.Dependents(of: columns, transaction)
        let acceptance = try Acceptance(of: consent, for: scope, context, transaction)
        let confirmation = try confirmation(columns, acceptance, transaction)
        // What is accepted is recorded whatever else is in the way; but only in a database that was named.
        if confirmation.obstacle == nil { try acceptance.record(transaction) }
        let obstacles =
            [confirmation.obstacle].compactMap { $0 } + acceptance.obstacles
            + (try guards.obstacles(dependents: dependents, countingChanges: true, transaction))
        let refusal = Obstacle.refusal(
            obstacles, of: "dropping \(columns.description)", then: confirmation.command)
        if let refusal { return .refused(refusal) }
        return .admitted(try notices(dependents, scope, transaction))
    }

    /// Whether the operator named the database, and the command that does.
    private func confirmation(
        _ columns: RetiredColumns, _ acceptance: Acceptance, _ transaction: borrowing Transaction
    ) throws -> (obstacle: Obstacle?, command: String) {
        let database = try transaction.row("select current_database()").text(0) ?? ""
        var words = ["--with", context.stage.name] + ShellWord.option("confirm", database)
        words += acceptance.words
        if !consent.keepsArchive { words.append("--no-archive") }
        let command = site.command("run", pipeline, words)
        if consent.database != nil { return (nil, command) }
        let what = "this drops \(columns.description) in database \(database), and was not confirmed"
        return (Obstacle(what: what, next: command), command)
    }

    private func notices(
        _ dependents: RetireGuards.Dependents, _ scope: DropScope, _ transaction: borrowing Transaction
    ) throws -> [String] {
        var notices = dependents.going.map { "\($0.what) goes with the columns; the ledger keeps its definition" }
        let shown: Int64 = 50
        let count = try site.ledger.acceptedRejectCount(in: scope, transaction)
        for reject in try site.ledger.acceptedRejects(in: scope, limit: shown, transaction) {
            notices.append(
                "accepted reject: \(reject.pipeline), \(reject.stage), key \(reject.key): \(reject.code), \(reject.message)"
            )
        }
        if count > shown {
            notices.append("and \(count - shown) more accepted rejects; all are in the ledger's rejects")
        }
        return notices
    }

    /// The drop. Whatever is not as it must be, under the lock too, leaves everything as it was.
    private func drop(_ transaction: borrowing Transaction) throws -> String {
        // Before the table, as a verification does it: neither can wait for the other.
        try site.ledger.awaitStage(retirement.proof, of: context.run, transaction)
        try RetiredColumns.lock(table, transaction)
        let columns = try RetiredColumns(retirement, schema: context.request.schema, transaction)
        let guards = RetireGuards(context: context, retirement: retirement, columns: columns)
        let dependents = try RetireGuards.Dependents(of: columns, transaction)
        try refuseUnderLock(guards, dependents, transaction)
        let marks = try columns.table.marks(transaction)
        guard try guards.proof.partsThatSawOther(than: marks, transaction).isEmpty else { throw ChangedUnderLock() }
        let described = try columns.described(transaction)
        try stopIfAsked(transaction)
        var archive: Identifier?
        if consent.keepsArchive {
            archive = try ColumnArchive(
                columns: columns, run: context.run, stage: context.stage.name, schema: site.ledger.schema
            ).create(marks, transaction)
        }
        try stopIfAsked(transaction)
        try columns.drop(transaction)
        try record(
            ArchiveRecord(
                relation: archive, table: table, key: columns.table.columns, columns: columns.present,
                rows: marks.rows, sum: marks.sum),
            described: described, dependents, transaction)
        let kept = archive.map { "\(marks.rows) rows of them are kept in \(site.ledger.schema).\($0)" }
        return "dropped \(columns.description); \(kept ?? "no archive was made, as asked")"
    }

    /// The guards once more. Nothing new is accepted here: it would be what nobody has seen.
    private func refuseUnderLock(
        _ guards: RetireGuards, _ dependents: RetireGuards.Dependents, _ transaction: borrowing Transaction
    ) throws {
        let acceptance = try Acceptance(of: Consent(), for: try guards.proof.scope(transaction), context, transaction)
        let obstacles =
            acceptance.obstacles
            + (try guards.obstacles(dependents: dependents, countingChanges: false, transaction))
        let again = site.command("run", pipeline, ["--with", context.stage.name])
        let refusal = Obstacle.refusal(obstacles, of: "dropping \(guards.columns.description)", then: again)
        if let refusal { throw refusal }
    }

    private func record(
        _ archive: ArchiveRecord, described: String, _ dependents: RetireGuards.Dependents,
        _ transaction: borrowing Transaction
    ) throws {
        let ledger = site.ledger
        try begin(transaction)
        try ledger.addArchive(
            archive, described: described, dependents: dependents.going.map(\.definition), by: context.stage.name,
            of: context.run, transaction)
        let kept = archive.relation.map { "archived in \(ledger.schema).\($0)" } ?? "without an archive"
        try ledger.audit(
            .drop, run: context.run, pipeline: pipeline,
            detail: "\(RetiredColumns.list(archive.columns)) of \(table), \(archive.rows) rows, \(kept)",
            by: site.actor, transaction)
        if let relation = archive.relation {
            let name = QualifiedName(schema: ledger.schema, name: relation)
            let object = try transaction.row(
                "select format('table %I.%I', \(.text(name.schema.name)), \(.text(name.name.name)))")
            try ledger.recordCreated(
                [object.text(0) ?? "table \(name)"], by: context.stage.name, of: context.run, transaction)
        }
        try ledger.finishStage(context.stage.name, of: context.run, transaction)
    }

    private func begin(_ transaction: borrowing Transaction) throws(PostgresError) {
        try site.ledger.beginStage(
            context.stage.name, of: context.run, fingerprint: context.fingerprint, transaction)
    }

    private func stopIfAsked(_ transaction: borrowing Transaction) throws {
        try site.noteStopRequest(of: context.run, transaction)
        try site.throwIfStopping()
    }

    /// Rows were written to after the last look. How many is counted when the lock is gone.
    private struct ChangedUnderLock: Error {}

    private func changedFailure() throws -> Failure {
        try context.session.perform("stage \(context.stage.name)", locking: [table]) { connection in
            try connection.transaction(site.looking) { transaction in
                let columns = try RetiredColumns(retirement, schema: context.request.schema, transaction)
                let guards = RetireGuards(context: context, retirement: retirement, columns: columns)
                let failure = Obstacle.refusal(try guards.proof.changes(transaction), of: "", then: "")
                return failure ?? Failure(.refused, "\(table) was being written to; run it again")
            }
        }
    }
}

extension RetireGuards.Dependents {
    init(of columns: RetiredColumns, _ transaction: borrowing Transaction) throws {
        // Names that the statements would need a search path for are qualified.
        let found = try transaction.working(in: [], lock: transaction.settings.lock) {
            try ColumnDependents.find(columns.table.name, columns.present, transaction)
        }
        self.init(blocking: found.blocking, going: found.going)
    }
}
