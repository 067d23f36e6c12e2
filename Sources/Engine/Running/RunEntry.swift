import Ledger
import Pipelines
import Postgres

/// The way into a run that exists, for work on it that is no run itself, and out again.
struct RunEntry {
    let site: Site
    let pipeline: Pipeline
    let schema: Identifier

    /// Enters the run, unless somebody else works on it; lets `body` work in a session of the run, and leaves.
    func work<R>(
        _ act: Act, on run: RunID, detail: String? = nil, _ session: Session, _ body: (Session) throws -> R
    ) throws -> R {
        let leader = try ActiveRun.waitingForOthers(site) {
            try session.perform("beginning to \(act.rawValue)") { connection in
                try connection.transaction(site.moving) { try begin(act, run, detail, connection, $0) }
            }
        }
        let working = Session(site: site, name: "etl:\(run.value):0") { try leader.introduce($0, after: $1) }
        defer { leave(working, leader) }
        return try body(working)
    }

    private func begin(
        _ act: Act, _ run: RunID, _ detail: String?, _ connection: Connection, _ transaction: borrowing Transaction
    ) throws -> Introduction {
        try LedgerGuard.admit(try site.ledger.presence(transaction), site.ledger)
        let record = try site.ledger.lockRun(of: pipeline.name, on: schema, transaction)
        try RunBinding.check(record, site.ledger, transaction)
        if act != .undo { try HalfUndone.refuse(record, site) }
        try StageChanges.refuse(in: pipeline, of: run, site.ledger, transaction)
        try ActiveRun.refuse(record, site.ledger, transaction)
        let leader = Introduction(site: site, run: run, number: 0)
        try leader.enter(connection, transaction)
        try site.ledger.clearStopRequest(of: run, transaction)
        try site.ledger.audit(act, run: run, pipeline: pipeline.name, detail: detail, by: site.actor, transaction)
        return leader
    }

    private func leave(_ session: Session, _ leader: Introduction) {
        session.attempt { connection in
            try connection.transaction(site.moving) { try site.ledger.endWorker(try leader.current(), $0) }
        }
        session.close()
    }
}
