import Ledger
import Pipelines
import Postgres

/// How many open rejects of a pipeline are borne before the work stops: where there are very many, it is rarely the
/// documents that are wrong.
struct RejectLimit: Sendable {
    /// The most that is borne.
    let most: Int64
    /// The pipeline whose rejects are counted.
    let pipeline: String

    /// A limit where one was asked for.
    init?(_ most: Int64?, of pipeline: String) {
        guard let most else { return nil }
        self.most = most
        self.pipeline = pipeline
    }

    /// Throws when more rejects of the pipeline's run are open.
    func check(_ run: RunID, _ site: Site, _ transaction: borrowing Transaction) throws {
        let open = try site.ledger.openRejectCount(of: run, transaction)
        guard open > most else { return }
        throw Failure(
            .failed, "\(open) rejects of \(pipeline) are open, more than the \(most) that --max-rejects allows",
            details: ["what was done so far stays done"],
            next: "see what they have in common with \(site.command("rejects", pipeline)); with a higher limit, or "
                + "without one, it goes on from here")
    }

    /// The same between two transactions.
    func check(_ run: RunID, _ site: Site, on session: Session) throws {
        try session.perform("counting the rejects of \(pipeline)") { connection in
            try connection.transaction(site.looking) { try check(run, site, $0) }
        }
    }
}

extension RunRequest {
    /// When rejects stop the work.
    var rejectLimit: RejectLimit? { RejectLimit(maximumRejects, of: pipeline.name) }
}
