import Ledger
import Postgres

/// Enters the sessions of one worker into the ledger. Where a session was lost, the next one first finds out what
/// became of the last one's work.
final class Introduction {
    private let site: Site
    private let run: RunID
    private let number: Int
    private var worker: WorkerID?
    private var previous: WorkerID?

    init(site: Site, run: RunID, number: Int) {
        self.site = site
        self.run = run
        self.number = number
    }

    /// Enters a new session. Claims of the one before are given back uncounted, unless the chunk itself may have ended it: the
    /// server gave no reason, or whoever asks `blames` it. This waits for the old session to end, for as long as it lives it
    /// may still commit.
    func introduce(_ connection: Connection, after end: PostgresError?, blaming blames: Bool = false) throws {
        let old = worker
        worker = try connection.transaction(site.moving) { transaction in
            try checkBinding(transaction)
            if let old {
                if !blames, !(end?.mayBeTheChunks ?? false) { try site.ledger.releaseClaims(of: old, transaction) }
                try site.ledger.endWorker(old, transaction)
            }
            return try add(connection, transaction)
        }
        previous = old
    }

    /// The address may lead elsewhere by now.
    private func checkBinding(_ transaction: borrowing Transaction) throws {
        let presence = try site.ledger.presence(transaction)
        if presence == .absent || presence == .foreign {
            throw Failure(
                .refused, "the server that answers now has no ledger of etl: it is another one, or another database",
                next: "see where the address leads: etl config")
        }
        try LedgerGuard.admit(presence, site.ledger)
        try site.ledger.run(run, transaction).map { try RunBinding.check($0, site.ledger, transaction) }
    }

    /// Enters the first session in a transaction that is open already: what it begins and who began it are known at the
    /// same moment. Where the transaction does not happen, this introduction is of no use any more.
    func enter(_ connection: Connection, _ transaction: borrowing Transaction) throws(PostgresError) {
        worker = try add(connection, transaction)
    }

    private func add(
        _ connection: Connection, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> WorkerID {
        try site.ledger.addWorker(
            number: number, to: run, actor: site.actor, backend: connection.backend, isPooled: connection.isPooled,
            transaction)
    }

    /// The worker that the session is.
    func current() throws(PostgresError) -> WorkerID {
        guard let worker else { throw .unexpectedAnswer("a session that is not in the ledger") }
        return worker
    }

    /// Whether a commit of the lost session did a chunk after all.
    func didFinish(
        _ claim: Claim, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        guard let previous else { return false }
        return try site.ledger.isDone(claim, of: stage, by: previous, transaction)
    }
}

extension PostgresError {
    /// Whether what was being worked on may have ended the session: the server gave no reason, as when its process died.
    fileprivate var mayBeTheChunks: Bool {
        if case .connectionLost(_, sqlstate: nil) = self { true } else { false }
    }
}
