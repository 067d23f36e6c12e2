import Ledger
import Postgres

/// The runs that build on another: they are taken back, or purged, before it.
enum LaterRuns {
    /// Throws while one of them stands, with the commands in the order in which they are to be typed.
    static func refuse(
        _ verb: String, _ pipeline: String, later: [String], on schema: Identifier, _ site: Site,
        _ transaction: borrowing Transaction
    ) throws {
        let standing = try later.filter { name in
            guard let run = try site.ledger.run(of: name, on: schema, transaction) else { return false }
            return try hasDoneSomething(run.id, site.ledger, transaction)
        }
        if standing.isEmpty || Mutant.is(.undoOutOfOrder) { return }
        let commands = (standing + [pipeline]).map { site.command(verb, $0) }
        throw Failure(
            .refused, "what \(standing.joined(separator: " and ")) did rests on \(pipeline)",
            next: "in this order: " + commands.joined(separator: "; "))
    }

    /// Whether anything of a run stands that is more than a look.
    static func hasDoneSomething(
        _ run: RunID, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        for stage in try ledger.stages(of: run, transaction) where !["check", "verify"].contains(stage.kind) {
            if stage.state != .pending, stage.skipped == nil { return true }
            if stage.kind != "retire", try !ledger.created(by: stage.name, of: run, transaction).isEmpty { return true }
        }
        return false
    }
}
