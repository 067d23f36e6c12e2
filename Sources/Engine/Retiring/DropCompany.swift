import Ledger
import Pipelines
import Postgres

/// Other processes that drop the same columns at the same time: one may be in another's way.
struct DropCompany {
    /// What they made of the stage.
    enum Standing {
        /// It is done.
        case done
        /// There are none.
        case alone
        /// They have not done it, or not yet.
        case undecided
    }

    let context: StageContext
    let retirement: Retirement

    /// How long they are waited for.
    private static let patience = 120.0

    /// Waits while they are seen to be at it: they verify once more, or fill the archive.
    func await() throws -> Standing {
        let site = context.site
        let began = MonotonicClock.now
        while true {
            let now = try context.session.perform("stage \(context.stage.name)") { connection in
                try connection.transaction(site.looking) { try look($0) }
            }
            guard case .undecided = now.standing else { return now.standing }
            _ = site.interruption.wait(seconds: 0.2)
            try site.throwIfStopping()
            if !now.isAtWork || MonotonicClock.now - began > Self.patience { return .undecided }
        }
    }

    private func look(_ transaction: borrowing Transaction) throws -> (standing: Standing, isAtWork: Bool) {
        let stages = try context.site.ledger.stages(of: context.run, transaction)
        let own = stages.first { $0.name == context.stage.name }
        if own?.state == .done { return (.done, false) }
        // Of each process the first session leads it.
        let processes = try context.site.ledger.livingWorkers(of: context.run, transaction).count { $0.number == 0 }
        if processes < 2 { return (.alone, false) }
        let proof = stages.first { $0.name == retirement.proof }
        return (.undecided, own?.archive != nil || proof?.state == .running)
    }
}
