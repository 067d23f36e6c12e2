import Ledger
import Pipelines
import Postgres

/// A stage that drops columns whose rows were all shown to be elsewhere.
///
/// Twice it looks whether everything is as it must be: once beforehand, where everything that is in the way is told and
/// what the operator accepts is recorded; and once under the table's lock, in the one transaction that archives and drops.
/// Between the two everything is verified once more and copied, while the table stays in use, so that only what was written to
/// it last is left to be done under the lock.
struct RetireStage {
    let context: StageContext
    let retirement: Retirement

    /// How often the lock is given up because more was written to the table than may be done under it, and how often all of
    /// it is tried beside others.
    private static let passes = 10

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

    /// Does the stage. Of several processes that drop at once whoever fails lets the others go on, and tries again where they
    /// did not do it either.
    func perform() throws -> StageWork.Outcome {
        var attempt = 1
        while true {
            do {
                return try dropOnce(verifyingAnew: attempt == 1)
            } catch let failure as Failure {
                if case .stopped = failure.kind { throw failure }
                switch try DropCompany(context: context, retirement: retirement).await() {
                case .done: return .done(rows: nil)
                case .alone: throw failure
                case .undecided: if attempt == Self.passes { throw failure }
                }
            }
            attempt += 1
        }
    }

    private func dropOnce(verifyingAnew: Bool) throws -> StageWork.Outcome {
        let renewal = try self.renewal()
        // What is accepted is recorded at the first look; at the second it is accepted already.
        let recorded = Consent(database: consent.database, keepsArchive: consent.keepsArchive)
        for (consent, isVerified) in [(consent, false), (recorded, true)] {
            // What changed can be brought over, unless another drop took away what that needs.
            let countsLateWrites = renewal == nil
            let decision = try context.turn.take(site.defining, locking: [table]) { transaction, _ in
                try decide(consent, countsLateWrites: countsLateWrites, transaction)
            }
            switch decision {
            // Another process did it.
            case nil: return .done(rows: nil)
            case .nothingLeft(let reason): return .skipped(reason: reason)
            case .refused(let failure): throw failure
            case .admitted where !isVerified:
                if !Mutant.is(.dropOnAnOldVerdict) { try renewal?.verifyAll(beginning: verifyingAnew) }
            case .admitted(let notices): for notice in notices { site.reporter.report(.notice(notice)) }
            }
        }
        return try drop(renewal)
    }

    /// Copies and drops; when more is written to the table meanwhile than may be done under its lock, lets go and tries again.
    private func drop(_ renewal: RetireRenewal?) throws -> StageWork.Outcome {
        let preparation = ArchivePreparation(context: context, retirement: retirement)
        var archive: Identifier?
        if consent.keepsArchive {
            archive = try preparation.begin()
            if archive == nil { return .done(rows: nil) }
        }
        var left: Int64 = 0
        for _ in 0..<Self.passes {
            var late: LateRenewal?
            if let archive {
                late = try renewal.map { LateRenewal(renewal: $0, archive: archive, since: try $0.horizon()) }
                try preparation.fill(archive, try ranges(renewal))
            }
            try renewal?.pass()
            try late?.follow()
            let drop = RetireDrop(
                context: context, retirement: retirement, renewal: renewal, archive: archive, late: late)
            do {
                let report = try context.turn.take(site.defining, locking: [table]) { transaction, _ in
                    try drop.perform(transaction)
                }
                if let report {
                    site.reporter.report(.notice(report.sentence(until: MonotonicClock.now)))
                }
                return .done(rows: nil)
            } catch let tooMuch as RetireRenewal.TooMuch {
                left = tooMuch.rows
            } catch is RetireDrop.ProofUnderWay {
                try renewal?.verifyAll(beginning: false)
            } catch is RetireDrop.ChangedUnderLock {
                throw try changedFailure()
            }
        }
        throw Failure(
            .refused, "\(table) is written to so fast that \(left) rows had changed each time it was to be locked",
            next: "run it again when less is written, or with --max-locked-rows \(2 * left), which locks it for longer")
    }

    private func ranges(_ renewal: RetireRenewal?) throws -> [KeyRange] {
        try renewal?.ranges() ?? [KeyRange(above: nil, through: nil)]
    }

    /// How what the drop rests on is kept up to date; nil where another drop took away what is compared: then the verdict that
    /// was stored before must do.
    private func renewal() throws -> RetireRenewal? {
        guard let stage = context.request.pipeline.stages.first(where: { $0.name == retirement.proof }),
            case .verify(let verification) = stage.work
        else { return nil }
        let isGone = try context.session.perform("stage \(stage.name)") { connection in
            try connection.transaction(site.looking) { transaction in
                try !ArchiveCheck.dropped(
                    from: context.request.pipeline, on: context.request.schema, site.ledger, transaction
                ).isEmpty
            }
        }
        if isGone { return nil }
        return RetireRenewal(context: context, retirement: retirement, proof: stage, verification: verification)
    }

    private func decide(
        _ consent: Consent, countsLateWrites: Bool, _ transaction: borrowing Transaction
    ) throws -> Decision {
        let columns = try RetiredColumns(retirement, schema: context.request.schema, transaction)
        if columns.present.isEmpty {
            let reason = "\(columns.table.name) has no column \(RetiredColumns.list(columns.missing)) any more"
            try site.ledger.beginStage(
                context.stage.name, of: context.run, fingerprint: context.fingerprint, transaction)
            try site.ledger.skipStage(context.stage.name, of: context.run, because: reason, transaction)
            return .nothingLeft(reason)
        }
        let guards = RetireGuards(context: context, retirement: retirement, columns: columns)
        let scope = try guards.proof.scope(transaction)
        let dependents = try RetireGuards.Dependents(of: columns, transaction)
        let acceptance = try Acceptance(of: consent, for: scope, context, transaction)
        let confirmation = try confirmation(columns, acceptance, transaction)
        // What is accepted is recorded whatever else is in the way; but only in a database that was named.
        if confirmation.obstacle == nil || Mutant.is(.acceptUnconfirmed) { try acceptance.record(transaction) }
        let obstacles =
            [confirmation.obstacle].compactMap { $0 } + acceptance.obstacles
            + (try guards.obstacles(
                dependents: dependents, countingChanges: countsLateWrites, countingStale: countsLateWrites, transaction))
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
        if consent.database != nil || Mutant.is(.dropUnconfirmed) { return (nil, command) }
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

    /// What changed after the last look, where it cannot be brought over; counted when the lock is gone.
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
