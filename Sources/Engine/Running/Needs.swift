import Ledger
import Pipelines
import Postgres

/// Says no to a pipeline before those that it builds on are done.
enum Needs {
    /// Throws unless every pipeline that this one needs is done on the same schema, its optional stages aside.
    static func refuse(
        _ pipeline: Pipeline, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws {
        guard let need = try unmet(pipeline, on: schema, ledger, transaction) else { return }
        throw Failure(
            .refused, "\(pipeline.name) needs \(need.pipeline), \(need.reason)", next: "etl run \(need.pipeline)")
    }

    /// The first pipeline that is needed and not done, and how it stands; nil where nothing is in the way.
    static func unmet(
        _ pipeline: Pipeline, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws -> (pipeline: String, reason: String)? {
        let presence = try ledger.presence(transaction)
        for name in pipeline.needs {
            guard presence == .ours, let run = try ledger.run(of: name, on: schema, transaction) else {
                return (name, "which was never run on schema \(schema)")
            }
            // A run that found nothing to do at all is done though its stages are not.
            if run.state == .done { continue }
            let open = try ledger.stages(of: run.id, transaction).first { !$0.isOptional && $0.state != .done }
            if let open { return (name, "whose stage \(open.name) is not done") }
        }
        return nil
    }
}
