import Ledger
import Pipelines
import Postgres

/// What taking back any stage of a run needs to know.
struct UndoContext {
    let site: Site
    let pipeline: Pipeline
    let schema: Identifier
    let run: RunID
    let limits: BatchLimits
    /// Whether what others wrote to what is removed may go with it.
    let discardsNew: Bool
    /// The session that does it.
    let session: Session

    /// How long a row of the application that somebody else has locked is waited for. We hold locks on other rows meanwhile.
    static let rowLock = 0.5

    /// Does a part of the undoing of a stage in one transaction, which holds the stage's row.
    func perform<R>(
        _ stage: String, _ settings: TransactionSettings? = nil, locking tables: [QualifiedName] = [],
        waits: Bool = false, _ work: (borrowing Transaction) throws -> R
    ) throws -> R {
        try site.throwIfStopping()
        return try session.perform("undoing stage \(stage)", locking: tables, waits: waits) { connection in
            try connection.transaction(settings ?? site.moving) { transaction in
                try site.noteStopRequest(of: run, transaction)
                try site.ledger.awaitStage(stage, of: run, transaction)
                return try work(transaction)
            }
        }
    }

    /// Looks at what the run wrote, for as long as that takes.
    func look<R>(_ work: (borrowing Transaction) throws -> R) throws -> R {
        try site.throwIfStopping()
        return try session.perform("looking at what the run wrote") { connection in
            var settings = site.looking
            settings.statement = 0
            return try connection.transaction(settings) { try work($0) }
        }
    }

    /// Notes in a transaction that takes something back that from here on all of the run has to be.
    func begin(_ transaction: borrowing Transaction) throws {
        try site.ledger.set(.undoing, of: run, transaction)
    }

    /// Notes in the transaction that took back the last of a stage that nothing is left of it.
    func finish(
        _ stage: String, keeping created: [String] = [], _ what: String, _ transaction: borrowing Transaction
    ) throws {
        try site.ledger.resetStage(stage, of: run, keeping: created, transaction)
        try begin(transaction)
        try audit("stage \(stage): \(what)", transaction)
    }

    /// Adds to the audit what was done.
    func audit(_ detail: String, _ transaction: borrowing Transaction) throws {
        try site.ledger.audit(.undo, run: run, pipeline: pipeline.name, detail: detail, by: site.actor, transaction)
    }
}
