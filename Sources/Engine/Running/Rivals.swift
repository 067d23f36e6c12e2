import Ledger
import Pipelines
import Postgres

/// Says no to a pipeline beside one that fills the same tables in another way: neither would know what the other has written,
/// and each would take back what is the other's.
enum Rivals {
    /// Throws while one of them stands on the same schema, unless this one was begun itself. Where starts are held, none of them
    /// begins before the transaction ends.
    static func refuse(
        _ pipeline: Pipeline, on schema: Identifier, _ site: Site, holdingStarts: Bool = false,
        _ transaction: borrowing Transaction
    ) throws {
        if try pipeline.rivals.isEmpty || isBegun(pipeline.name, on: schema, site.ledger, transaction) { return }
        if holdingStarts { try site.ledger.holdStarts(transaction) }
        let failure = try refusal(of: pipeline, on: schema, site.ledger, transaction) { site.command("undo", $0) }
        if let failure, !Mutant.is(.runBesideRivals) { throw failure }
    }

    /// Why it is refused; nil where nothing is in the way.
    static func refusal(
        of pipeline: Pipeline, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction,
        undo: (String) -> String
    ) throws -> Failure? {
        if try isBegun(pipeline.name, on: schema, ledger, transaction) { return nil }
        let standing = try pipeline.rivals.filter { name in
            guard let run = try ledger.run(of: name, on: schema, transaction) else { return false }
            // One that was started this moment has done nothing yet.
            return try LaterRuns.hasDoneSomething(run.id, ledger, transaction)
                || !ledger.visibleWorkers(of: run.id, transaction).isEmpty
        }
        if standing.isEmpty { return nil }
        let names = standing.joined(separator: " and ")
        return Failure(
            .refused,
            "\(names), begun on schema \(schema), and \(pipeline.name) fill the same tables, each in its own way",
            next: "go on with what was begun, or take it back first: "
                + standing.reversed().map(undo).joined(separator: "; "))
    }

    private static func isBegun(
        _ name: String, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws -> Bool {
        guard let run = try ledger.run(of: name, on: schema, transaction) else { return false }
        return try LaterRuns.hasDoneSomething(run.id, ledger, transaction)
    }
}
