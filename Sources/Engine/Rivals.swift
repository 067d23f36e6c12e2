import Ledger
import Pipelines
import Postgres

/// Says no to a pipeline beside one that fills the same tables in another way: neither would know what the other has written,
/// and each would take back what is the other's.
enum Rivals {
    /// Throws while one of them stands on the same schema, unless this one was begun itself.
    static func refuse(
        _ pipeline: Pipeline, on schema: Identifier, _ site: Site, _ transaction: borrowing Transaction
    ) throws {
        if let failure = try refusal(
            of: pipeline, on: schema, site.ledger, transaction, undo: { site.command("undo", $0) })
        {
            throw failure
        }
    }

    /// Why it is refused; nil where nothing is in the way.
    static func refusal(
        of pipeline: Pipeline, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction,
        undo: (String) -> String
    ) throws -> Failure? {
        if try isBegun(pipeline.name, on: schema, ledger, transaction) { return nil }
        let standing = try pipeline.rivals.filter { name in
            // One that was started this moment has done nothing yet.
            if let state = try ledger.run(of: name, on: schema, transaction)?.state,
                [.running, .undoing].contains(state)
            {
                return true
            }
            return try isBegun(name, on: schema, ledger, transaction)
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
