import Ledger
import Pipelines
import Postgres
import Transforms

/// What is to be done with the chunks of a stage; the same for all workers.
struct ChunkJob: Sendable {
    /// The work, one case for each kind of stage that is done in chunks.
    enum Work: Sendable {
        case stream(StreamJob)
        case batch(BatchJob)
        case verify(VerifyJob)
    }

    let stage: ChunkedStage
    /// The table whose keys the work is divided by.
    let source: KeyedTable
    let work: Work

    /// Whether rows are only looked at: nothing that is wrong with one makes it a reject.
    var isVerification: Bool { if case .verify = work { true } else { false } }

    /// The transaction of one chunk: a verification sees one moment of both tables.
    func settings(_ site: Site) -> TransactionSettings {
        var settings = site.moving
        settings.keepsToIndexes = true
        if isVerification { settings.isolation = .repeatableRead }
        return settings
    }

    /// Keeps the tables from being altered until the transaction ends. It takes no snapshot: one that is older than a
    /// rewrite of a table would see no row of it.
    func lockTables(_ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run("lock table \(SQL.joined(tables.map { "\($0)" }, separator: ", ")) in access share mode")
    }

    /// Throws when a table was altered since the stage was begun in this process.
    func checkTables(_ transaction: borrowing Transaction) throws {
        let (then, now) = try signatures(transaction)
        guard then == now else {
            throw Failure(
                .failed,
                "\(tables.map(\.description).joined(separator: " or ")) was altered while the stage was at work",
                next: "see that they are as the stage needs them, then run again, which goes on from here")
        }
    }

    private func signatures(_ transaction: borrowing Transaction) throws -> (then: String, now: String) {
        switch work {
        case .stream(let job): (job.tables.signature, try job.tables.currentSignature(transaction))
        case .batch(let job):
            (job.signature, try TableFacts.signature(of: [source.name], writing: [source.name], transaction))
        case .verify(let job): (job.signature, try job.currentSignature(transaction))
        }
    }

    private var tables: [QualifiedName] {
        switch work {
        case .stream(let job): job.tables.names
        case .batch: [source.name]
        case .verify(let job): job.tables
        }
    }

    /// A worker's own means to do the work.
    func task(ledger: Ledger) -> ChunkTask {
        switch work {
        case .stream(let job): .stream(StreamTask(job))
        case .batch(let job): .batch(BatchTask(job, source: source, stage: stage, ledger: ledger))
        case .verify(let job): .verify(VerifyTask(job, source: source, ledger: ledger))
        }
    }
}

/// What came of a chunk.
struct ChunkResult {
    var outcome: ChunkOutcome
    var rejects: [RejectRecord] = []
    /// The source rows that had rows in the target before.
    var found: [Key] = []
    /// The last key, where the work stopped before the chunk's end.
    var end: Key?
}

/// What one worker does with one chunk after the other.
enum ChunkTask {
    case stream(StreamTask)
    case batch(BatchTask)
    case verify(VerifyTask)

    /// Does a chunk. A row that makes it throw an error of class `row` is looked for when it is done `carefully`; `Unworkable`
    /// says that only halving the chunk can find it.
    func perform(
        _ claim: Claim, carefully: Bool, _ transaction: borrowing Transaction
    ) throws -> ChunkResult {
        switch self {
        case .stream(let task): try task.perform(claim, carefully: carefully, transaction)
        case .batch(let task): try task.perform(claim, carefully: carefully, transaction)
        case .verify(let task): try task.perform(claim, transaction)
        }
    }
}

/// The server cannot give, or will not take, a row of a chunk as it is.
struct Unworkable: Error {
    let error: PostgresError
    let code: RejectCode
}
