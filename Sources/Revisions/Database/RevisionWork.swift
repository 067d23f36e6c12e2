import Postgres

/// Work on a database's revisions: what is applied, one step after the other, stamps.
///
/// Each step is one transaction with its row. Another process may work on the same revisions: they take turns, and what
/// the other has done meanwhile is not done again.
public final class RevisionWork {
    let site: RevisionSite
    /// The revisions of the project.
    public let history: RevisionHistory
    let table: VersionTable
    let session: RevisionSession
    let guards: VersionGuards
    /// The revision that this process has marked and not finished.
    var hasMarked: RevisionID?

    /// Prepares work; nothing is touched yet.
    public init(site: RevisionSite, history: RevisionHistory) {
        self.site = site
        self.history = history
        table = VersionTable(schema: site.ledgerSchema)
        session = RevisionSession(site: site)
        guards = VersionGuards(site: site, history: history, table: table)
    }

    var turn: Turn { Turn(site: site, session: session, table: table) }

    /// What a look at the table finds; it writes nothing.
    public struct Standing: Sendable {
        /// Its rows, in the order in which they were written.
        public let records: [VersionRecord]
        /// The revisions whose files have changed since.
        public let changed: [RevisionID]
    }

    /// Looks at what is applied.
    public func look() throws -> Standing {
        try session.perform("looking at the revisions") { connection in
            try connection.transaction(site.looking) { transaction in
                guard try site.look(transaction), try table.exists(transaction) else {
                    return Standing(records: [], changed: [])
                }
                let records = try table.records(transaction)
                let changed = try table.changed(records.map(\.id).compactMap(history.file), transaction)
                return Standing(records: records, changed: changed.map(\.revision.id))
            }
        }
    }

    /// The steps that lead to a target, held against what is applied now; nothing of them is done yet.
    public func plan(_ direction: RevisionEvent.Direction, to target: Target) throws -> [RevisionID] {
        try turn.take("planning the \(direction.rawValue)") { _, transaction, state in
            let applied = try guards.check(state, transaction)
            return try steps(direction, to: target, from: applied)
        }
    }

    func steps(
        _ direction: RevisionEvent.Direction, to target: Target, from applied: AppliedRevisions
    ) throws(RevisionFailure) -> [RevisionID] {
        do throws(TargetError) {
            switch direction {
            case .upgrade: return try history.graph.upgrade(to: target, from: applied)
            case .downgrade: return try history.graph.downgrade(to: target, from: applied)
            }
        } catch {
            throw RevisionFailure(error, next: TargetAdvice.next(error, site))
        }
    }

    func file(_ id: RevisionID) throws(RevisionFailure) -> RevisionFile {
        guard let file = history.file(id) else { throw RevisionFailure(TargetError.lost([id])) }
        return file
    }
}

/// What can be said instead of a target that leads nowhere.
enum TargetAdvice {
    static func next(_ error: TargetError, _ site: RevisionSite) -> String? {
        switch error {
        case .severalHeads:
            "say which, LABEL@head or a revision, or heads for all; or join them: \(site.command("merge", "heads", "-m", "TITLE"))"
        case .severalCurrent, .severalWays: "name the revision, or the branch: LABEL@-1; see \(site.command("history"))"
        case .unknown, .ambiguous, .notOnBranch, .tooFar, .malformed, .wrongDirection, .notBelow, .notInLine:
            "see which there are: \(site.command("history"))"
        case .lost, .gap: nil
        }
    }
}
