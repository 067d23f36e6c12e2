import Ledger
import Postgres

/// One process at a time does a stage's work that is not in chunks: whoever holds the lock on the stage's row. The others
/// ask again and again instead of waiting inside SQL, where they would hold up index builds.
struct StageTurn {
    let site: Site
    let run: RunID
    let stage: String
    let session: Session

    /// Does `work` in one transaction that holds the stage's row; nil when the stage turns out to be done.
    func take<R>(
        _ settings: TransactionSettings? = nil, locking tables: [QualifiedName] = [],
        _ work: (borrowing Transaction, StageRecord) throws -> R
    ) throws -> R? {
        while true {
            try site.throwIfStopping()
            let turn = try session.perform("stage \(stage)", locking: tables) { connection in
                try connection.transaction(settings ?? site.moving) { transaction -> Turn<R> in
                    guard let record = try site.ledger.lockStage(stage, of: run, transaction) else {
                        return try waitingTurn(transaction)
                    }
                    if record.state == .done { return .done }
                    return .taken(try work(transaction, record))
                }
            }
            switch turn {
            case .taken(let value): return value
            case .done: return nil
            case .othersTurn: _ = site.interruption.wait(seconds: 0.2)
            }
        }
    }

    /// Another holds the row; or there is none, because somebody removed the run.
    private func waitingTurn<R>(_ transaction: borrowing Transaction) throws -> Turn<R> {
        guard try site.ledger.stages(of: run, transaction).contains(where: { $0.name == stage }) else {
            throw Failure(.failed, "the ledger has lost stage \(stage) of run \(run.value)")
        }
        try site.noteStopRequest(of: run, transaction)
        return .othersTurn
    }

    private enum Turn<R> {
        case taken(R)
        case done
        case othersTurn
    }
}
