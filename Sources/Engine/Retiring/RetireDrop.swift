import Ledger
import Pipelines
import Postgres

/// The one transaction in which columns are dropped.
struct RetireDrop {
    let context: StageContext
    let retirement: Retirement
    /// How what changed since the last pass is brought over; nil where it cannot be.
    let renewal: RetireRenewal?
    /// The table that holds a copy of almost everything already; nil where none is wanted.
    let archive: Identifier?
    /// How it is found out what changed since that was filled; nil where it is not renewed, or not archived.
    let late: LateRenewal?

    private var site: Site { context.site }
    private var pipeline: String { context.request.pipeline.name }
    private var table: QualifiedName { context.table(retirement.table) }

    /// What was done.
    struct Report {
        let columns: String
        let rows: Int64
        /// How many rows were moved and verified again under the lock.
        let renewed: Int64
        /// When the lock was had.
        let locked: Double
        let archive: QualifiedName?

        func sentence(until now: Double) -> String {
            let kept = archive.map { "\(rows) rows of them are kept in \($0)" } ?? "no archive was made, as asked"
            let moved = renewed > 0 ? ", in which \(renewed) rows that had just changed were brought over" : ""
            let milliseconds = Int(((now - locked) * 1000).rounded(.up))
            return "dropped \(columns); \(kept); the table was locked for \(milliseconds) ms\(moved)"
        }
    }

    /// Rows were written to after the last look, and cannot be brought over.
    struct ChangedUnderLock: Error {}

    /// Another process, which drops them as well, has begun to verify once more.
    struct ProofUnderWay: Error {}

    /// Drops them. Whatever is not as it must be, under the lock too, leaves everything as it was.
    func perform(_ transaction: borrowing Transaction) throws -> Report {
        // Before the table, as a verification does it: neither can wait for the other.
        try site.ledger.awaitStage(retirement.proof, of: context.run, transaction)
        if renewal != nil, try isProofUnderWay(transaction) { throw ProofUnderWay() }
        try RetiredColumns.lock(table, transaction)
        let locked = MonotonicClock.now
        let renewed =
            Mutant.is(.dropWithoutLastLook) ? nil : try renewal?.finish(late, transaction)
        let columns = try RetiredColumns(retirement, schema: context.request.schema, transaction)
        let guards = RetireGuards(context: context, retirement: retirement, columns: columns)
        let dependents = try RetireGuards.Dependents(of: columns, transaction)
        try refuseUnderLock(guards, dependents, transaction)
        let marks = try renewed?.marks ?? columns.table.marks(transaction)
        let others = try guards.proof.partsThatSawOther(than: marks, transaction)
        guard others.isEmpty || Mutant.is(.dropWhatChangedUnderLock) else { throw ChangedUnderLock() }
        let described = try columns.described(transaction)
        try stopIfAsked(transaction)
        try settleArchive(columns, marks, transaction)
        try stopIfAsked(transaction)
        try columns.drop(transaction)
        try record(
            ArchiveRecord(
                relation: archive, table: table, key: columns.table.columns, columns: columns.present,
                rows: marks.rows, sum: marks.sum),
            described: described, dependents, transaction)
        return Report(
            columns: columns.description, rows: marks.rows, renewed: renewed?.rows ?? 0, locked: locked,
            archive: archive.map { QualifiedName(schema: site.ledger.schema, name: $0) })
    }

    private func isProofUnderWay(_ transaction: borrowing Transaction) throws -> Bool {
        let proof = try site.ledger.stages(of: context.run, transaction).first { $0.name == retirement.proof }
        guard proof?.state == .running else { return false }
        return try site.ledger.verdict(of: retirement.proof, in: context.run, transaction).hasPassed
    }

    /// The guards once more. Nothing new is accepted here: it would be what nobody has seen.
    private func refuseUnderLock(
        _ guards: RetireGuards, _ dependents: RetireGuards.Dependents, _ transaction: borrowing Transaction
    ) throws {
        if Mutant.is(.guardsNotUnderLock) { return }
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
        try ledger.beginStage(
            context.stage.name, of: context.run, fingerprint: context.fingerprint, transaction)
        try ledger.noteArchive(nil, of: context.stage.name, in: context.run, transaction)
        try ledger.addArchive(
            archive, described: described, dependents: dependents.going.flatMap(\.statements), by: context.stage.name,
            of: context.run, transaction)
        let kept = archive.relation.map { "archived in \(ledger.schema).\($0)" } ?? "without an archive"
        try ledger.audit(
            .drop, run: context.run, pipeline: pipeline,
            detail: "\(RetiredColumns.list(archive.columns)) of \(table), \(archive.rows) rows, \(kept); "
                + ConfirmGuard.record(context.request.consent.database),
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

    private func stopIfAsked(_ transaction: borrowing Transaction) throws {
        try site.noteStopRequest(of: context.run, transaction)
        try site.throwIfStopping()
    }

    /// Completes the copy; removes one that is not wanted any more.
    private func settleArchive(
        _ columns: RetiredColumns, _ marks: (rows: Int64, sum: String), _ transaction: borrowing Transaction
    ) throws {
        if let archive {
            try ColumnArchive(columns: columns, name: QualifiedName(schema: site.ledger.schema, name: archive))
                .complete(marks, transaction)
            return
        }
        let record = try site.ledger.stages(of: context.run, transaction).first { $0.name == context.stage.name }
        if let unwanted = record?.archive {
            try transaction.run("drop table if exists \(QualifiedName(schema: site.ledger.schema, name: unwanted))")
        }
    }
}
