import Ledger
import Pipelines
import Postgres

/// What must hold before columns are dropped. Everything that does not is told at once.
struct RetireGuards {
    let context: StageContext
    let retirement: Retirement
    let columns: RetiredColumns

    private var ledger: Ledger { context.site.ledger }
    private var pipeline: Pipeline { context.request.pipeline }

    /// What depends on the columns: as long as something does, they are not dropped.
    struct Dependents {
        var blocking: [String]
        /// What goes with them, and the statements that make it again.
        var going: [(what: String, definition: String)]
    }

    /// What proves the columns' rows to be elsewhere: the parts of the verify stage, each with the run and the stage that it
    /// verifies.
    private var proofs: [(part: Int, proof: Proof)] {
        for stage in pipeline.stages where stage.name == retirement.proof {
            if case .verify(let verification) = stage.work {
                return verification.proofs.enumerated().map { ($0 + 1, $1) }
            }
        }
        return []
    }

    /// Whose rejects and unmapped keys count.
    func scope(_ transaction: borrowing Transaction) throws(PostgresError) -> DropScope {
        var elsewhere: [(run: RunID, stage: String)] = []
        for (_, proof) in proofs {
            guard let name = proof.pipeline else { continue }
            let run = try ledger.run(of: name, on: context.request.schema, transaction)
            if let run { elsewhere.append((run.id, proof.stage)) }
        }
        return DropScope(run: context.run, elsewhere: elsewhere)
    }

    /// Everything but the consent: columns, role, proof, dependents. Whether rows changed since they were verified is part of
    /// the proof, unless it is asked otherwise.
    func obstacles(
        dependents: Dependents, countingChanges: Bool, _ transaction: borrowing Transaction
    ) throws -> [Obstacle] {
        var obstacles: [Obstacle] = []
        if !columns.missing.isEmpty {
            obstacles.append(
                Obstacle(
                    what: "\(columns.table.name) has \(RetiredColumns.list(columns.present)), but no column "
                        + "\(RetiredColumns.list(columns.missing)) any more",
                    next: "bring it back, or drop the other by hand as well"))
        }
        obstacles += try roleObstacles(transaction)
        var doubts = try proofObstacles(transaction)
        // Without a proof there are no sums to compare with.
        if doubts.isEmpty, countingChanges { doubts = try changes(transaction) }
        obstacles += doubts
        if !dependents.blocking.isEmpty {
            obstacles.append(
                Obstacle(
                    what: "these depend on \(columns.description): \(dependents.blocking.joined(separator: "; "))",
                    next: "drop or change them first"))
        }
        if try ledger.hasArchive(by: context.stage.name, of: context.run, transaction) {
            obstacles.append(
                Obstacle(
                    what: "the ledger says that this stage has dropped the columns before, and they are here again",
                    next: "if they were brought back by hand, remove its row from \(ledger.schema).archives"))
        }
        return obstacles
    }

    /// The proof alone: whether everything was verified, and nothing but found to be as it should be.
    private func proofObstacles(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        let verify = context.site.command("verify", pipeline.name)
        let record = try ledger.stages(of: context.run, transaction).first { $0.name == retirement.proof }
        let totals = try ledger.totals(of: retirement.proof, in: context.run, transaction)
        let verdict = try ledger.verdict(of: retirement.proof, in: context.run, transaction)
        var obstacles: [Obstacle] = []
        if !verdict.hasPassed {
            obstacles.append(
                Obstacle(
                    what: "stage \(retirement.proof) found what is not as it should be: \(verdict.sentence)",
                    next: "look at these rows with \(verify)"))
        } else if record?.state != .done || totals.chunksDone < totals.chunks {
            obstacles.append(
                Obstacle(
                    what: "stage \(retirement.proof), which must prove it, is not done", next: "do it with \(verify)"))
        }
        if verdict.stale > 0 {
            obstacles.append(
                Obstacle(
                    what: "\(Self.rows(verdict.stale)) migrated",
                    next: "bring them over first with \(context.site.command("catch-up", pipeline.name)), "
                        + "which this version does not have yet"))
        }
        return obstacles + (try gaps(transaction))
    }

    /// Where the proof proves nothing about this table.
    private func gaps(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        var proven: Set<Identifier> = []
        for (_, proof) in proofs where proof.source.table == retirement.table {
            guard case .stream(let stream) = proof.subject, stream.source.key == retirement.key else { continue }
            let name = proof.pipeline ?? pipeline.name
            let run = try ledger.run(of: name, on: context.request.schema, transaction)
            let stages = try run.map { try ledger.stages(of: $0.id, transaction) } ?? []
            guard let stage = stages.first(where: { $0.name == proof.stage }), stage.skipped == nil else { continue }
            proven.formUnion(stream.source.columns)
        }
        let unproven = columns.present.filter { !proven.contains($0) }
        guard !unproven.isEmpty else { return [] }
        return [
            Obstacle(
                what: "nothing that stage \(retirement.proof) verified was made of \(RetiredColumns.list(unproven))",
                next: "see that what reads it has been run, not passed over")
        ]
    }

    /// Whether rows changed since they were verified, without keeping anybody from changing more.
    func changes(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        let now = try columns.table.marks(transaction)
        for part in try partsThatSawOther(than: now, transaction) {
            let changes = try SourceChanges.find(in: part, of: columns.table, ledger: ledger, transaction)
            let count = changes.new + changes.changed + changes.vanished
            return [
                Obstacle(
                    what: "in \(columns.table.name) \(Self.rows(count)) verified", next: try verifyingAgain(transaction)
                )
            ]
        }
        return []
    }

    /// What can be done about rows that changed since they were verified.
    private func verifyingAgain(_ transaction: borrowing Transaction) throws -> String {
        let gone = try ArchiveCheck.dropped(from: pipeline, on: context.request.schema, ledger, transaction)
        guard let first = gone.first else {
            return "verify again with \(context.site.command("verify", pipeline.name)), then run this again"
        }
        return "it cannot be verified again while \(RetiredColumns.list(first.columns)) of \(first.table) is dropped: "
            + "bring that back first"
    }

    /// The parts of the proof that saw other rows of this table than there are.
    func partsThatSawOther(
        than marks: (rows: Int64, sum: String), _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [ChunkedStage] {
        var parts: [ChunkedStage] = []
        for (number, proof) in proofs where proof.source.table == retirement.table {
            let part = ChunkedStage(
                run: context.run, name: retirement.proof, keyColumns: columns.table.key.count, part: number)
            if try ledger.seen(by: part, transaction) != marks { parts.append(part) }
        }
        return parts
    }

    /// Whether the role may do it: DDL is for the owner alone.
    private func roleObstacles(_ transaction: borrowing Transaction) throws -> [Obstacle] {
        let row = try transaction.row(
            """
            select pg_has_role(c.relowner, 'usage'), quote_ident(pg_get_userbyid(c.relowner)), quote_ident(current_user),
                   has_schema_privilege(n.oid, 'create')
              from pg_class c join pg_namespace n on n.nspname = \(.text(ledger.schema.name)) where c.oid = \(.int(columns.table.oid))::oid
            """)
        let role = row.text(2) ?? ""
        var obstacles: [Obstacle] = []
        if !row.bool(0) {
            obstacles.append(
                Obstacle(
                    what: "role \(role) does not own \(columns.table.name)",
                    next: "run it as \(row.text(1) ?? ""), or: grant \(row.text(1) ?? "") to \(role)"))
        }
        if context.request.consent.keepsArchive, !row.bool(3) {
            obstacles.append(
                Obstacle(
                    what: "role \(role) may not make the archive in schema \(ledger.schema)",
                    next: "grant create on schema \(ledger.schema.quoted) to \(role)"))
        }
        return obstacles
    }

    private static func rows(_ count: Int64) -> String {
        count == 1 ? "1 row changed since it was" : "\(count) rows changed since they were"
    }
}
