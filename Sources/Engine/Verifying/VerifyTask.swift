import Ledger
import Pipelines
import Postgres
import Transforms

/// What the workers of a verification need to know about one of its proofs.
struct VerifyJob: Sendable {
    enum Subject: Sendable {
        case stream(Pipelines.Stream, StreamTables)
        case batch(differences: RangedStatement)
    }

    let subject: Subject
    /// The stage that is verified.
    let origin: ChunkedStage
    let tables: [QualifiedName]
    /// What the catalogue says of the tables' columns.
    let signature: String
    let ledgerText: LedgerText
    let limits: BatchLimits
    let differences: DifferenceList
    let ample = AmpleDocuments()

    func currentSignature(_ transaction: borrowing Transaction) throws(PostgresError) -> String {
        try TableFacts.signature(of: tables, transaction)
    }
}

/// Looks at the rows of a chunk again, and at what was made of them, in one snapshot.
final class VerifyTask {
    private let job: VerifyJob
    private let source: KeyedTable
    private let ledger: Ledger
    private var batch = Batch()
    /// What reads and compares the rows of a stream; good for as long as the tables are not altered.
    private var means: (reader: ChunkReader, comparison: TargetComparisons)?

    init(_ job: VerifyJob, source: KeyedTable, ledger: Ledger) {
        self.job = job
        self.source = source
        self.ledger = ledger
    }

    /// Verifies a chunk. The transaction must see one moment of everything.
    func perform(_ claim: Claim, _ transaction: borrowing Transaction) throws -> ChunkResult {
        do {
            guard let origin = claim.origin else {
                throw PostgresError.unexpectedAnswer("chunk \(claim.n) does not say what it verifies")
            }
            let worked = try ledger.workedChunks(
                [(origin, claim.range)], keyTypes: source.key.map(\.ordering), of: job.origin, transaction)[0]
            switch job.subject {
            case .stream(let stream, let tables):
                return try verify(stream, tables, claim.range, worked, transaction)
            case .batch(let differences):
                return try verify(differences, claim.range, worked, transaction)
            }
        } catch let error as PostgresError where error.errorClass == .row {
            throw Unworkable(error: error, code: .badText)
        }
    }

    private func verify(
        _ stream: Pipelines.Stream, _ tables: StreamTables, _ range: KeyRange, _ worked: WorkedChunk,
        _ transaction: borrowing Transaction
    ) throws -> ChunkResult {
        var (reader, comparison) = try means ?? means(stream, tables, transaction)
        // Moved out and back, because a copy would copy its buffers.
        means = nil
        defer { batch.removeAll() }
        // What was rejected is not read again: it may have been rejected because reading it ended its worker.
        try reader.read(range, except: worked.rejected, into: &batch, transaction)
        means = (reader, comparison)
        let seen = KeyRange(above: range.lower, through: batch.end ?? range.upper)
        let verdicts = ChunkVerdicts(
            batch: batch, items: batch.items.indices, worked: worked,
            rejected: try rejected(worked.rejected, in: seen, transaction),
            tables: tables, text: job.ledgerText, rows: try comparison.findings(batch.rows, in: seen, transaction),
            covers: try CoverComparison(tables: tables).findings(batch.items, in: seen, transaction))
        job.differences.add(verdicts.differences)
        return ChunkResult(outcome: verdicts.outcome, end: batch.end)
    }

    private func means(
        _ stream: Pipelines.Stream, _ tables: StreamTables, _ transaction: borrowing Transaction
    ) throws -> (reader: ChunkReader, comparison: TargetComparisons) {
        let query = ChunkQuery(tables: tables, limits: job.limits)
        let reader = ChunkReader(stream, query: query, ample: job.ample)
        return (reader, try TargetComparisons(tables, transaction))
    }

    /// The rejected rows of a range that are still there.
    private func rejected(
        _ keys: Set<Key>, in range: KeyRange, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [KeyedRow] {
        if keys.isEmpty { return [] }
        let condition: SQL = """
            \(ChunkQuery.condition(range, key: source.key, alias: "source"))
            and \(ChunkQuery.condition(Array(keys), key: source.key, alias: "source"))
            """
        return try KeyedRow.read(source, where: condition, transaction)
    }

    private func verify(
        _ statement: RangedStatement, _ range: KeyRange, _ worked: WorkedChunk, _ transaction: borrowing Transaction
    ) throws -> ChunkResult {
        let condition = ChunkQuery.condition(range, key: source.key, alias: "source")
        let comparison = BatchComparison(statement: statement, source: source, text: job.ledgerText)
        let (outcome, differences) = try comparison.perform(where: condition, worked, transaction)
        job.differences.add(differences)
        return ChunkResult(outcome: outcome)
    }
}
