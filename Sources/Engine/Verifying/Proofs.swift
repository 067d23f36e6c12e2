import Ledger
import Pipelines
import Postgres

/// The proofs of a verification as work in chunks: a part of the stage each, over the ranges of the stage that it verifies.
struct Proofs {
    private let verification: Verification
    private let pipeline: String
    private let schema: Identifier
    private let ledger: Ledger
    private let limits: BatchLimits

    init(_ verification: Verification, of pipeline: String, schema: Identifier, ledger: Ledger, limits: BatchLimits) {
        self.verification = verification
        self.pipeline = pipeline
        self.schema = schema
        self.ledger = ledger
        self.limits = limits
    }

    /// The work; and why some of it cannot be done any more, or need not.
    struct Jobs {
        var jobs: [ChunkJob] = []
        var unprovable: [String] = []
    }

    /// Looks up what each proof needs.
    func jobs(
        stage: String, of run: RunID, _ differences: DifferenceList, _ transaction: borrowing Transaction
    ) throws -> Jobs {
        var jobs = Jobs()
        for (index, proof) in verification.proofs.enumerated() {
            let record = try verified(proof, transaction)
            if let reason = record.stage.skipped {
                jobs.unprovable.append("nothing to verify of \(proof.stage): \(reason)")
                continue
            }
            if case .stream(let stream) = proof.subject,
                let reason = try StreamTables.missing(stream, schema: schema, transaction)
            {
                jobs.unprovable.append("\(proof.stage) cannot be verified any more: \(reason)")
                continue
            }
            let chunked = ChunkedStage(run: run, name: stage, keyColumns: proof.source.key.count, part: index + 1)
            jobs.jobs.append(try job(proof, chunked, origin: record, differences, transaction))
        }
        return jobs
    }

    /// The run and the stage whose work is verified.
    private func verified(
        _ proof: Proof, _ transaction: borrowing Transaction
    ) throws -> (run: RunID, stage: StageRecord) {
        let name = proof.pipeline ?? pipeline
        let run = try ledger.run(of: name, on: schema, transaction)
        let stage = try run.flatMap { run in
            try ledger.stages(of: run.id, transaction).first { $0.name == proof.stage }
        }
        guard let run, let stage, stage.state == .done else {
            throw Failure(
                .refused, "stage \(proof.stage) of \(name) is not done, so there is nothing to verify yet",
                next: "etl run \(name)")
        }
        return (run.id, stage)
    }

    private func job(
        _ proof: Proof, _ chunked: ChunkedStage, origin: (run: RunID, stage: StageRecord),
        _ differences: DifferenceList, _ transaction: borrowing Transaction
    ) throws -> ChunkJob {
        let encoding = try transaction.row("select current_setting('server_encoding')").text(0)
        let worked = ChunkedStage(
            run: origin.run, name: origin.stage.name, keyColumns: proof.source.key.count)
        let source: KeyedTable
        let subject: VerifyJob.Subject
        var tables: [QualifiedName]
        switch proof.subject {
        case .stream(let stream):
            let found = try StreamTables(stream, schema: schema, transaction)
            try TableBinding.check(origin.stage, of: origin.run, found, ledger, transaction)
            source = found.source
            subject = .stream(stream, found)
            tables = found.names
        case .batch(let batch, let statement):
            source = try KeyedTable(QualifiedName(schema: schema, name: batch.table), key: batch.key, transaction)
            subject = .batch(differences: statement)
            tables = [source.name]
            try TableBinding.checkOrder(of: source, worked, ledger, transaction)
        }
        let job = VerifyJob(
            subject: subject, origin: worked, tables: tables,
            signature: try TableFacts.signature(of: tables, transaction),
            ledgerText: LedgerText(isUnicode: encoding == "UTF8"), limits: limits, differences: differences)
        return ChunkJob(stage: chunked, source: source, work: .verify(job))
    }
}
