import Ledger
import Pipelines
import Postgres

/// The way into a run that exists, for work on it that is no run itself, and out again.
struct RunEntry {
    /// How long another process is waited for before it is said to be active.
    static let patience = 5.0

    let site: Site
    let pipeline: Pipeline
    let schema: Identifier

    /// Enters the run, unless somebody else works on it.
    func begin(_ act: Act, _ run: RunID, _ session: Session) throws -> Introduction {
        let deadline = MonotonicClock.now + Self.patience
        while true {
            try site.throwIfStopping()
            do {
                return try session.perform("beginning to \(act.rawValue)") { connection in
                    try connection.transaction(site.moving) { try begin(act, run, connection, $0) }
                }
            } catch let failure as Failure where failure.kind == .anotherRun && MonotonicClock.now < deadline {
                _ = site.interruption.wait(seconds: 0.2)
            }
        }
    }

    private func begin(
        _ act: Act, _ run: RunID, _ connection: Connection, _ transaction: borrowing Transaction
    ) throws -> Introduction {
        let record = try site.ledger.lockRun(of: pipeline.name, on: schema, transaction)
        try RunBinding.check(record, site.ledger, transaction)
        if act != .undo { try HalfUndone.refuse(record, site) }
        try StageChanges.refuse(in: pipeline, of: run, site.ledger, transaction)
        try ActiveRun.refuse(record, site.ledger, transaction)
        let leader = Introduction(site: site, run: run, number: 0)
        try leader.enter(connection, transaction)
        try site.ledger.clearStopRequest(of: run, transaction)
        try site.ledger.audit(act, run: run, pipeline: pipeline.name, by: site.actor, transaction)
        return leader
    }

    /// Leaves it.
    func leave(_ session: Session, _ leader: Introduction) {
        session.attempt { connection in
            try connection.transaction(site.moving) { try site.ledger.endWorker(try leader.current(), $0) }
        }
        session.close()
    }
}
