import Ledger
import Postgres

/// Brings a ledger that an older program made up to date, before anything is written to it.
enum LedgerRenewal {
    /// Throws where only another role may do that.
    static func perform(_ session: Session, _ site: Site) throws {
        let outdated = try session.perform("looking at the ledger's version") { connection in
            try connection.transaction(site.looking) { try site.ledger.outdated($0) }
        }
        guard let outdated else { return }
        guard outdated.mayBeRenewed else {
            throw Failure(
                .refused,
                "the ledger in schema \(site.ledger.schema) has version \(outdated.version), this program needs \(Ledger.version)",
                details: ["its tables belong to the role \(outdated.owner), which alone may alter them"],
                next: "let that role run this command once with this program")
        }
        try session.perform("bringing the ledger up to date") { connection in
            try connection.transaction(site.moving) { try site.ledger.renew($0) }
        }
        site.reporter.report(
            .notice("the ledger was brought from version \(outdated.version) to \(Ledger.version)"))
    }
}
