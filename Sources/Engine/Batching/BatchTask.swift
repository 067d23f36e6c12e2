import Ledger
import Pipelines
import Postgres
import Transforms

/// What the workers of a batch stage need to know.
struct BatchJob: Sendable {
    let batch: SQLBatch
    /// What the catalogue says of the table's columns.
    let signature: String
}

/// Runs a batch's statement for the keys of a chunk.
///
/// What its rows were before and whether it was we who wrote to them has to be certain, or somebody else's change would be taken
/// for ours. A few rows are held beforehand; of a whole chunk only those are held that the statement writes to.
final class BatchTask {
    private let job: BatchJob
    private let source: KeyedTable
    private let stage: ChunkedStage
    private let ledger: Ledger

    /// How long a row that somebody else has locked is waited for. We hold locks on other rows meanwhile.
    private static let rowLock = 0.5

    /// What stands for the hash of a value where a batch wrote to a row: which values those are only its statement knows.
    static let someValue: Int64 = 0

    init(_ job: BatchJob, source: KeyedTable, stage: ChunkedStage, ledger: Ledger) {
        self.job = job
        self.source = source
        self.stage = stage
        self.ledger = ledger
    }

    func perform(_ claim: Claim, carefully: Bool, _ transaction: borrowing Transaction) throws -> ChunkResult {
        // What is checked at COMMIT only would be refused there, when it is too late to say that a row is at fault.
        if carefully { try transaction.run("set constraints all immediate") }
        let range = ChunkQuery.condition(claim.range, key: source.key, alias: "source")
        let before = RowsBefore(source)
        try before.keep(where: range, transaction)
        let written = try transaction.working(in: [source.name.schema], lock: Self.rowLock) {
            try run(where: range, transaction)
        }
        let rows = try before.read(transaction)
        let renewed = rows.compactMap(\.renewed)
        var ours = Set(renewed.map(\.keyHash))
        // A row that somebody else wrote to in between is ours as well, but what it was before we cannot say: whoever looks
        // for changes finds it.
        if written > ours.count { ours = try before.written(where: range, transaction) }
        var outcome = ChunkOutcome()
        for (index, row) in rows.enumerated() {
            let (xmin, mark) = row.renewed.map { ($0.xmin, $0.mark) } ?? (row.xmin, row.mark)
            outcome.seen.append(keyHash: row.hash, xmin: xmin, mark: mark)
            if ours.contains(row.hash) { outcome.seen.keep(BatchTask.someValue, at: index) }
        }
        outcome.migrated = Int64(rows.count)
        outcome.targetRows = Int64(written)
        try ledger.renewSeen(
            of: source.oid, renewed, in: [claim.range], keyTypes: source.key.map(\.ordering), except: stage, transaction
        )
        return ChunkResult(outcome: outcome)
    }

    /// Runs the statement for the rows that a condition picks, all in some ranges of keys. Gives these as they are since, and
    /// how many were written to; other stages that have seen them are told.
    func work(
        where condition: SQL, in ranges: [KeyRange], _ transaction: borrowing Transaction
    ) throws -> (rows: [KeyedRow], rewritten: Set<Int64>, written: Int) {
        let (before, written, after) = try transaction.working(in: [source.name.schema], lock: Self.rowLock) {
            // Held, so that nobody else can write to a row between these statements.
            let before = try KeyedRow.read(source, where: condition, locking: true, transaction)
            let written = try run(where: condition, transaction)
            return (before, written, try KeyedRow.read(source, where: condition, transaction))
        }
        var rows: [KeyedRow] = []
        var rewritten: Set<Int64> = []
        var renewed: [RenewedRow] = []
        let since = Dictionary(after.map { ($0.hash, $0) }) { first, _ in first }
        for row in before {
            // One that came meanwhile was not held; it stays unseen, and so is new to whoever looks for changes.
            guard let now = since[row.hash] else { continue }
            rows.append(now)
            if now.xmin != row.xmin {
                rewritten.insert(now.hash)
                renewed.append(
                    RenewedRow(
                        keyHash: row.hash, oldXmin: row.xmin, oldMark: row.mark, xmin: now.xmin, mark: now.mark))
            }
        }
        try ledger.renewSeen(
            of: source.oid, renewed, in: ranges, keyTypes: source.key.map(\.ordering), except: stage, transaction)
        return (rows, rewritten, written)
    }

    /// Runs the statement; says how many rows were written to.
    private func run(where condition: SQL, _ transaction: borrowing Transaction) throws -> Int {
        do throws(PostgresError) {
            return try transaction.run(job.batch.statement.sql(where: condition)).affectedRows
        } catch {
            if error.errorClass == .row { throw Unworkable(error: error, code: .refusedByServer) }
            if error.errorClass == .retry || error.endsSession { throw error }
            throw Failure(error, while: "\(job.batch.statement.name):\(job.batch.statement.line)")
        }
    }
}
