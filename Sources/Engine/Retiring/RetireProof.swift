import Ledger
import Pipelines
import Postgres

/// What shows that the rows of columns are elsewhere before these are dropped: a verify stage, by what the ledger has of it.
struct RetireProof {
    private let context: StageContext
    private let table: KeyedTable
    private let columns: [Identifier]
    private let stage: String
    /// What the verify stage compares, in the order of its parts.
    private let proofs: [Proof]
    private let definition: [UInt8]

    init(context: StageContext, retirement: Retirement, columns: RetiredColumns) {
        self.context = context
        table = columns.table
        self.columns = columns.present
        stage = retirement.proof
        let found = context.request.pipeline.stages.first { $0.name == retirement.proof }
        definition = found?.canonicalDefinition ?? []
        if case .verify(let verification) = found?.work { proofs = verification.proofs } else { proofs = [] }
    }

    private var ledger: Ledger { context.site.ledger }
    private var pipeline: String { context.request.pipeline.name }
    private var verify: String { context.site.command("verify", pipeline) }

    /// Whose rejects and unmapped keys count: those of its own run, and of other pipelines' stages that it relies on.
    func scope(_ transaction: borrowing Transaction) throws -> DropScope {
        let elsewhere = try proofs.filter { $0.pipeline != nil }.compactMap { proof in
            try run(of: proof, transaction).map { (run: $0, stage: proof.stage) }
        }
        return DropScope(run: context.run, elsewhere: elsewhere)
    }

    /// Whether everything was verified, by this very definition, and found to be as it should be.
    func obstacles(countingStale: Bool, _ transaction: borrowing Transaction) throws -> [Obstacle] {
        let record = try ledger.stages(of: context.run, transaction).first { $0.name == stage }
        let isSame = try ledger.fingerprints(of: [definition], transaction).first == record?.fingerprint
        let totals = try ledger.totals(of: stage, in: context.run, transaction)
        let verdict = try ledger.verdict(of: stage, in: context.run, transaction)
        var obstacles: [Obstacle] = []
        if !verdict.hasPassed {
            obstacles.append(
                Obstacle(
                    what: "stage \(stage) found what is not as it should be: \(verdict.sentence)",
                    next: "look at these rows with \(verify)"))
        } else if record?.state != .done || totals.chunksDone < totals.chunks, !Mutant.is(.dropHalfVerified) {
            obstacles.append(
                Obstacle(what: "stage \(stage), which must prove it, is not done", next: "do it with \(verify)"))
        } else if !isSame, !Mutant.is(.dropByAnotherDefinition) {
            obstacles.append(
                Obstacle(
                    what: "stage \(stage) was done by another definition of it", next: "do it again with \(verify)"))
        }
        if countingStale, verdict.stale > 0 {
            obstacles.append(
                Obstacle(
                    what: "\(Self.rows(verdict.stale)) migrated",
                    next:
                        "try those that were rejected again with \(context.site.command("retry", pipeline)), then verify "
                        + "again; bring over the others with \(context.site.command("catch-up", pipeline))"))
        }
        return obstacles + (try gaps(transaction))
    }

    /// Where the proof proves nothing of these columns, or what it proved is not there any more.
    private func gaps(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        var proven: Set<Identifier> = []
        var obstacles: [Obstacle] = []
        for proof in proofs where proof.source.table == table.name.name {
            guard case .stream(let stream) = proof.subject, stream.source.key == table.columns,
                let run = try run(of: proof, transaction),
                let record = try ledger.stages(of: run, transaction).first(where: { $0.name == proof.stage }),
                record.skipped == nil
            else { continue }
            proven.formUnion(stream.source.columns)
            let written = try ledger.totals(of: proof.stage, in: run, transaction).targetRows
            for (place, target) in stream.targets.enumerated() {
                let name = context.table(target.table)
                // How many rows are which table's is not known; where there are some, the first has some.
                let isFilled = place == 0 && written > 0
                if let doubt = try doubt(about: name, at: place, of: record, isFilled: isFilled, transaction) {
                    obstacles.append(doubt)
                }
            }
        }
        let unproven = columns.filter { !proven.contains($0) }
        if unproven.isEmpty || Mutant.is(.dropUnproven) { return obstacles }
        let what = "nothing that stage \(stage) verified was made of \(RetiredColumns.list(unproven))"
        return obstacles + [Obstacle(what: what, next: "see that what reads it has been run, not passed over")]
    }

    /// The rows that were verified may be written to by now, as it should be. But their table must be there, with rows in it.
    private func doubt(
        about target: QualifiedName, at place: Int, of record: StageRecord, isFilled: Bool,
        _ transaction: borrowing Transaction
    ) throws -> Obstacle? {
        if Mutant.is(.dropWithoutTarget) { return nil }
        let oid = try TableFacts(target, transaction)?.oid
        if oid == nil || place >= record.targetOIDs.count || oid != record.targetOIDs[place] {
            return Obstacle(
                what: "\(target) is not the table that stage \(record.name) filled: that one is gone",
                next: "bring it back")
        }
        if !isFilled { return nil }
        if try transaction.row("select exists (select from \(target))").bool(0) { return nil }
        return Obstacle(what: "\(target) was emptied since stage \(record.name) filled it", next: "bring its rows back")
    }

    /// Whether rows changed since they were verified, without keeping anybody from changing more.
    func changes(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        if Mutant.is(.dropWhatCannotBeRenewed) { return [] }
        let now = try table.marks(transaction)
        guard let part = try partsThatSawOther(than: now, transaction).first else { return [] }
        let changes = try SourceChanges.find(in: part, of: table, ledger: ledger, transaction)
        let count = Self.rows(changes.new + changes.changed + changes.vanished)
        return [Obstacle(what: "in \(table.name) \(count) verified", next: try verifyingAgain(transaction))]
    }

    /// What can be done about rows that changed since they were verified.
    private func verifyingAgain(_ transaction: borrowing Transaction) throws -> String {
        let gone = try ArchiveCheck.dropped(
            from: context.request.pipeline, on: context.request.schema, ledger, transaction)
        guard let first = gone.first else { return "verify again with \(verify), then run this again" }
        return "it cannot be verified again while \(RetiredColumns.list(first.columns)) of \(first.table) is dropped: "
            + "bring that back first"
    }

    /// The parts of the verify stage that saw other rows of this table than there are.
    func partsThatSawOther(
        than marks: (rows: Int64, sum: String), _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [ChunkedStage] {
        var parts: [ChunkedStage] = []
        for (index, proof) in proofs.enumerated() where proof.source.table == table.name.name {
            let part = ChunkedStage(
                run: context.run, name: stage, keyColumns: table.key.count, part: index + 1)
            if try ledger.seen(by: part, transaction) != marks { parts.append(part) }
        }
        return parts
    }

    /// The run whose stage is verified.
    private func run(of proof: Proof, _ transaction: borrowing Transaction) throws(PostgresError) -> RunID? {
        guard let name = proof.pipeline else { return context.run }
        return try ledger.run(of: name, on: context.request.schema, transaction)?.id
    }

    private static func rows(_ count: Int64) -> String {
        count == 1 ? "1 row changed since it was" : "\(count) rows changed since they were"
    }
}
