import Postgres

extension RevisionWork {
    /// What a stamp would change.
    public struct StampPlan: Sendable, Equatable {
        /// Revisions that would count as applied and don't now.
        public var added: [RevisionID]
        /// Revisions that would no longer count as applied.
        public var removed: [RevisionID]
        /// All that would count as applied.
        public var applied: [RevisionID]
    }

    /// What a stamp would change now; nothing is written.
    public func stampPlan(to targets: [Target], purging: Bool) throws -> StampPlan {
        try stampPlan(targets, purging, VersionState(records: try look().records))
    }

    /// Lets the table say that exactly these revisions are applied, as their files are now, and runs none of their
    /// statements. `purging` forgets first what it said before.
    public func stamp(to targets: [Target], purging: Bool, detail: String) throws -> StampPlan {
        try turn.take("stamping") { _, transaction, state in
            let plan = try stampPlan(targets, purging, state)
            let kept = plan.applied.filter { !plan.added.contains($0) && !purging }
            for record in state.records where !kept.contains(record.id) { try table.remove(record.id, transaction) }
            for record in state.records where kept.contains(record.id) {
                if record.state != .applied { try table.unmark(record.id, transaction) }
                try table.renew(try file(record.id), transaction)
            }
            for id in plan.applied where !kept.contains(id) {
                try table.add(try file(id), how: "stamp", transaction)
            }
            let what = targets.map(\.description).joined(separator: " ")
            try site.audit(.stamp, "to \(what)\(purging ? ", purged" : "")\(detail)", transaction)
            return plan
        }
    }

    private func stampPlan(
        _ targets: [Target], _ purging: Bool, _ state: VersionState
    ) throws(RevisionFailure) -> StampPlan {
        do throws(TargetError) {
            let graph = history.graph
            // A stamp mends what lacks something that it needs: the tips alone count.
            let before = purging ? graph.nothingApplied : try graph.applied(upTo: state.ids)
            let applied = graph.order(try graph.stamp(to: targets, from: before))
            return StampPlan(
                added: applied.filter { state.record($0) == nil }, removed: state.ids.filter { !applied.contains($0) },
                applied: applied)
        } catch {
            throw RevisionFailure(
                error,
                next: TargetAdvice.next(error, site)
                    ?? "forget what is not there: \(site.command("stamp", "REVISION", "--purge"))")
        }
    }
}

extension VersionTable {
    /// Takes a file as it is now; a row that is so already keeps as it is.
    func renew(_ file: RevisionFile, _ transaction: borrowing Transaction) throws(PostgresError) {
        let downgrade: SQL = file.downgrade?.stored ?? "null::text[]"
        try transaction.run(
            """
            update version set upgrade = \(file.upgrade.stored), downgrade = \(downgrade), how = 'stamp',
                   title = \(.text(file.title)), pipeline = \(.text(file.pipeline))
             where revision = \(.text(file.revision.id.text))
               and (upgrade <> \(file.upgrade.stored) or downgrade is distinct from \(downgrade))
            """)
    }
}
