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
final class BatchTask {
    private let job: BatchJob
    private let source: KeyedTable
    private let stage: ChunkedStage
    private let ledger: Ledger

    /// How long a row that somebody else has locked is waited for. We hold locks on other rows meanwhile.
    private static let rowLock = 0.5

    init(_ job: BatchJob, source: KeyedTable, stage: ChunkedStage, ledger: Ledger) {
        self.job = job
        self.source = source
        self.stage = stage
        self.ledger = ledger
    }

    func perform(_ claim: Claim, _ transaction: borrowing Transaction) throws -> ChunkResult {
        let range = ChunkQuery.condition(claim.range, key: source.key, alias: "source")
        let (before, written, after) = try transaction.working(in: [source.name.schema], lock: Self.rowLock) {
            // Held, so that nobody else can write to a row between these statements.
            let before = try SeenRow.read(source, where: range, locking: true, transaction)
            do throws(PostgresError) {
                let written = try transaction.run(job.batch.statement.sql(where: range)).affectedRows
                return (before, written, try SeenRow.read(source, where: range, transaction))
            } catch {
                if error.errorClass == .row { throw Unworkable(error: error, code: .refusedByServer) }
                if error.errorClass == .retry || error.endsSession { throw error }
                throw Failure(error, while: "\(job.batch.statement.name):\(job.batch.statement.line)")
            }
        }
        var outcome = ChunkOutcome()
        var renewed: [RenewedRow] = []
        let since = Dictionary(after.map { ($0.hash, $0) }) { first, _ in first }
        for row in before {
            // One that came meanwhile was not held; it stays unseen, and so is new to whoever looks for changes.
            guard let now = since[row.hash] else { continue }
            outcome.seen.append(keyHash: now.hash, xmin: now.xmin, mark: now.mark)
            if now.xmin != row.xmin {
                renewed.append(
                    RenewedRow(
                        keyHash: row.hash, oldXmin: row.xmin, oldMark: row.mark, xmin: now.xmin, mark: now.mark))
            }
        }
        outcome.migrated = Int64(before.count)
        outcome.targetRows = Int64(written)
        try ledger.renewSeen(
            of: source.oid, renewed, in: claim.range, keyTypes: source.key.map(\.type), except: stage, transaction)
        return ChunkResult(outcome: outcome)
    }
}

/// A row of a source as it looks from outside, its documents aside.
struct SeenRow {
    let key: Key
    let hash: Int64
    let xmin: UInt32
    let mark: Int64

    /// Reads the rows that a condition on the alias `source` picks, in key order.
    static func read(
        _ table: KeyedTable, where condition: SQL, locking: Bool = false, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [SeenRow] {
        let keys = table.key.map { "source.\($0.name.quoted)" }
        let found = try transaction.run(
            """
            select \(table.keyHash(of: "source")), source.xmin::text, \(table.mark(of: "source")),
                   \(unsafe: keys.map { "\($0)::text" }.joined(separator: ", "))
              from \(table.name) source where \(condition) order by \(unsafe: keys.joined(separator: ", "))
            \(unsafe: locking ? "for no key update" : "")
            """)
        return found.rows.compactMap { row in
            guard let hash = row.int(0), let xmin = row.int(1), let mark = row.int(2) else { return nil }
            return SeenRow(
                key: Key(keys.indices.compactMap { row.bytes(3 + $0) }), hash: hash,
                xmin: UInt32(truncatingIfNeeded: xmin), mark: mark)
        }
    }
}
