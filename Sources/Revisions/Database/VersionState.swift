import Postgres

/// What is applied now, read under the lock and held against the files.
struct VersionState {
    let records: [VersionRecord]

    /// The revisions that have a row, whatever their state.
    var ids: [RevisionID] { records.map(\.id) }

    /// The revision whose statements run outside of a transaction, or ran and are not known to be done.
    var unfinished: VersionRecord? { records.first { $0.state != .applied } }

    func record(_ id: RevisionID) -> VersionRecord? { records.first { $0.id == id } }
}

/// What must be true of the applied revisions before any more is done.
struct VersionGuards {
    let site: RevisionSite
    let history: RevisionHistory
    let table: VersionTable

    /// Settles what is applied; refuses what was lost, changed, or begun and not finished.
    func check(
        _ state: VersionState, allowsUnfinished: Bool = false, _ transaction: borrowing Transaction
    ) throws -> AppliedRevisions {
        if let unfinished = state.unfinished, !allowsUnfinished { throw self.unfinished(unfinished) }
        let applied: AppliedRevisions
        do throws(TargetError) {
            applied = try history.graph.applied(state.ids)
        } catch {
            throw RevisionFailure(error, next: next(error))
        }
        let changed = try table.changed(state.ids.compactMap(history.file), transaction)
        guard changed.isEmpty else { throw try difference(changed, transaction) }
        return applied
    }

    private func next(_ error: TargetError) -> String {
        if case .gap = error {
            return "run what is missing by hand, then say that it is there: \(site.command("stamp", "REVISION"))"
        }
        return "bring the files back; or say what is applied: \(site.command("stamp", "REVISION", "--purge"))"
    }

    /// The failure that shows how files differ from what was applied.
    private func difference(
        _ files: [RevisionFile], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> RevisionFailure {
        var details: [String] = []
        for file in files {
            let id = file.revision.id
            details.append("revision \(id), \(file.path):")
            let sides: [(name: String, column: Identifier, now: RevisionFile.Side?)] = [
                ("upgrade", "upgrade", file.upgrade), ("downgrade", "downgrade", file.downgrade),
            ].map { ($0.0, Identifier($0.1), $0.2) }
            for side in sides {
                let before = try table.statements(of: id, side.column, transaction)
                let now = side.now.map(\.lines) ?? []
                details += StatementDifference.lines(from: before, to: now).map { "  \(side.name) \($0)" }
            }
        }
        let names = files.map(\.revision.id.text).joined(separator: ", ")
        return RevisionFailure(
            .refused, "what was applied is no longer what the files say: \(names)", details: details,
            next: "put the statements back and write a new revision for what is to change; "
                + "if the database is as the files say, \(site.command("stamp", "CURRENT")) takes them as they are now")
    }

    /// The failure that shows how a half-done step is repaired.
    func unfinished(_ record: VersionRecord) -> RevisionFailure {
        let id = record.id.text
        let verb = record.state == .downgrading ? "downgrade" : "upgrade"
        let file = history.file(record.id)
        let side = record.state == .downgrading ? file?.downgrade : file?.upgrade
        let below = history.graph.needs(of: record.id).first?.text ?? "base"
        let (done, undone) = verb == "upgrade" ? (id, below) : (below, id)
        return RevisionFailure(
            .refused,
            "the \(verb) of revision \(id) was begun outside of a transaction and is not known to be done",
            details: (side?.script.statements ?? []).map { "statement: \($0.text)" } + [
                "see which of these took effect; CREATE INDEX CONCURRENTLY may have left an invalid index to be dropped",
                "none or some of them, and they may run again: \(site.command(verb, id, "--redo"))",
                "all of them: \(site.command("stamp", done))", "none of them: \(site.command("stamp", undone))",
            ],
            next: "when it can be done again from its first statement: \(site.command(verb, id, "--redo"))")
    }
}

extension RevisionFile.Side {
    /// The lines that are kept of it.
    var lines: [String] { (isTransactional ? [] : ["-- no transaction"]) + canonical }
}
