import Ledger
import Pipelines
import Postgres

/// Keeps what a drop rests on up to date with a table that is written to: what changed is moved and verified again, first in
/// short transactions, and what is left of it under the lock.
struct RetireRenewal {
    let context: StageContext
    let retirement: Retirement
    /// The verify stage that is the proof.
    let proof: Stage
    let verification: Verification

    private var site: Site { context.site }
    private var request: RunRequest { context.request }
    private var table: QualifiedName { context.table(retirement.table) }

    /// So many rows were written to since the last pass that they are not for a moment under a lock.
    struct TooMuch: Error {
        let rows: Int64
    }

    /// Compares everything once more: the sums tell of writes to the source, and nothing tells of writes to the target.
    /// Where another process has begun to, it is helped.
    func verifyAll(beginning: Bool = true) throws {
        let fingerprint = try inTransaction { transaction in
            try site.ledger.fingerprints(of: [proof.canonicalDefinition], transaction).first ?? ""
        }
        site.reporter.report(.notice("\(proof.name): once more, before anything is dropped"))
        let work = VerifyStage(
            context: StageContext(
                site: site, request: request, run: context.run, stage: proof, fingerprint: fingerprint,
                session: context.session),
            verification: verification)
        let differences = DifferenceList()
        if beginning { try work.reopen() }
        _ = try work.verify(differences)
        // What is stale is brought over before the drop.
        for difference in differences.all where !difference.isStale {
            site.reporter.report(.notice(difference.lines.joined(separator: "; ")))
        }
    }

    /// In so many transactions at most what changed in one chunk is verified.
    private static let parts = 50

    /// Moves and verifies again what changed; nobody is kept from the table.
    func pass() throws {
        _ = try CatchUp(
            site: site, schema: request.schema, terms: RenewalTerms(limits: request.limits), session: context.session,
            run: context.run
        ).perform(MovedStage.all(of: request.pipeline, dependents: request.dependents))
        var settings = site.moving
        settings.isolation = .repeatableRead
        for (renewal, chunks) in try inTransaction({ try parts($0) }) {
            for n in chunks {
                // New keys above all others come into one chunk. What stays stale here is found again under the lock.
                for _ in 0..<Self.parts {
                    try site.throwIfStopping()
                    let outcome = try context.session.perform(
                        "verifying chunk \(n) again", locking: [table], waits: true
                    ) { connection in
                        try connection.transaction(settings) { try renewal.perform(n, $0) }
                    }
                    if !outcome.hasMore { break }
                }
            }
        }
    }

    /// The ranges of keys in which the work is divided.
    func ranges() throws -> [KeyRange] {
        try inTransaction { transaction in
            let part = try jobs(transaction).first { $0.source.name == table }
            return try part.map { try site.ledger.doneRanges(of: $0.stage, transaction).map(\.range) } ?? []
        }
    }

    /// What a look at the table from now on must not take for old.
    func horizon() throws -> Horizon { try inTransaction { try Horizon($0) } }

    /// What came of renewing under the lock.
    struct Finished {
        /// How many rows were moved and verified again.
        var rows: Int64 = 0
        /// What the table is now, where it was looked at since.
        var marks: (rows: Int64, sum: String)?
    }

    /// Does the same under the lock; throws `TooMuch` before it begins, where that would take long. What changed is found by the
    /// archive, and where that does not account for everything, chunk by chunk.
    func finish(_ late: LateRenewal?, _ transaction: borrowing Transaction) throws -> Finished {
        var finished = Finished(rows: try late?.finish(transaction) ?? 0)
        let jobs = try jobs(transaction)
        let marks = try KeyedTable(table, key: retirement.key, transaction).marks(transaction)
        var isSame = try site.ledger.verdict(of: proof.name, in: context.run, transaction).stale == 0
        for job in jobs where job.source.name == table {
            if try site.ledger.seen(by: job.stage, transaction) != marks { isSame = false }
        }
        if isSame {
            finished.marks = marks
        } else {
            finished.rows += try finishChunks(transaction)
        }
        return finished
    }

    private func finishChunks(_ transaction: borrowing Transaction) throws -> Int64 {
        var changed: Int64 = 0
        for var renewal in try stages(transaction) {
            let changes = try renewal.changes(site.ledger, transaction)
            let rows = changes.map(\.rows).reduce(0, +)
            if rows > request.maximumLockedRows { throw TooMuch(rows: rows) }
            changed = max(changed, rows)
            for (n, _) in changes { try renewal.finish(n, transaction) }
        }
        for (renewal, chunks) in try parts(transaction) {
            for n in chunks {
                // As often as it takes for all that may be done here; what stays stale is told afterwards.
                for _ in 0...request.maximumLockedRows / VerifyRenewal.rows {
                    if try !renewal.perform(n, transaction).hasMore { break }
                }
            }
        }
        return changed
    }

    /// What moves and what verifies rows of the table that are known to have changed.
    func works(_ transaction: borrowing Transaction) throws -> LateRenewal.Works {
        LateRenewal.Works(stages: try stages(transaction), proofs: try parts(transaction).map(\.renewal))
    }

    /// The stages of the pipeline, and of those that it verifies, that read the table.
    private func stages(_ transaction: borrowing Transaction) throws -> [StageRenewal] {
        try MovedStage.all(of: request.pipeline, dependents: []).filter { $0.table == table.name }.compactMap { stage in
            let lookup = try StageRenewal.find(
                stage, on: request.schema, RenewalTerms(limits: request.limits), ledger: site.ledger, isChanged: true,
                transaction)
            if case .ready(let renewal) = lookup { return renewal }
            return nil
        }
    }

    /// The parts of the proof that read the table, and their chunks.
    private func parts(
        _ transaction: borrowing Transaction
    ) throws -> [(renewal: VerifyRenewal, chunks: [Int64])] {
        try jobs(transaction).compactMap { job in
            guard case .verify(let work) = job.work, job.source.name == table else { return nil }
            return (
                VerifyRenewal(work, source: job.source, stage: job.stage, ledger: site.ledger),
                try site.ledger.doneRanges(of: job.stage, transaction).map(\.n)
            )
        }
    }

    private func jobs(_ transaction: borrowing Transaction) throws -> [ChunkJob] {
        try Proofs(
            verification, of: request.pipeline.name, schema: request.schema, ledger: site.ledger,
            limits: request.limits
        ).jobs(stage: proof.name, of: context.run, DifferenceList(), transaction).jobs
    }

    private func inTransaction<R>(_ body: (borrowing Transaction) throws -> R) throws -> R {
        try context.session.perform("looking at what stage \(proof.name) proves") { connection in
            try connection.transaction(site.looking) { try body($0) }
        }
    }
}
