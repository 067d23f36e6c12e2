import JSON
import Revisions

/// `etl current`: what is applied, schema and data.
func current(isVerbose: Bool, checksHeads: Bool, _ setting: RevisionSetting) throws(CommandFailure) -> ExitCode {
    try revising(rerun: "etl current") {
        let standing = try setting.work().look()
        let graph = setting.history.graph
        let known = standing.records.filter { graph.revision($0.id) != nil }
        let lost = standing.records.filter { graph.revision($0.id) == nil }
        let applied = try graph.applied(upTo: known.map(\.id))
        let current = graph.current(applied)
        // Verbose shows all that is applied, the newest first.
        let shown = isVerbose ? graph.order(applied).reversed() : current
        let view = CurrentView(setting: setting, standing: standing)
        let open = graph.order(applied).filter { !shown.contains($0) }
        let entries = try (shown + open.filter { try view.isNotable($0) }).map { try view.entry($0) }
        let isAtHead = Set(graph.currentTips(applied)) == Set(graph.topmost) && lost.isEmpty
        if setting.terminal.style.isJSON {
            setting.terminal.result(
                .object([
                    ("current", .array(current.map { .string($0.text) })), ("is_at_head", .bool(isAtHead)),
                    ("revisions", .array(entries.map(\.json))),
                    ("without_file", .array(lost.map { .string($0.id.text) })),
                ]))
        } else {
            for entry in entries { setting.terminal.result(entry.line) }
            for record in lost { setting.terminal.result("\(record.id): applied, and its file is not there") }
            if standing.records.isEmpty { setting.terminal.note("no revision is applied") }
        }
        guard checksHeads, !isAtHead else { return .done }
        throw RevisionFailure(.failed, "not every head is applied", next: setting.pipelines.command("upgrade", "heads"))
    }
}

/// How applied revisions stand, put together from both sides.
private struct CurrentView {
    let setting: RevisionSetting
    let standing: RevisionWork.Standing

    struct Entry {
        let line: String
        let json: JSONValue
    }

    /// Whether a revision that is not current must be shown nevertheless.
    func isNotable(_ id: RevisionID) throws -> Bool {
        let record = standing.records.first { $0.id == id }
        let isOpen = try data(id).map { !$0.isDone } ?? false
        return isOpen || record?.state != .applied || standing.changed.contains(id)
    }

    func entry(_ id: RevisionID) throws -> Entry {
        let record = standing.records.first { $0.id == id }
        let state = record?.state ?? .applied
        let schema =
            switch state {
            case .applied: record?.wasStamped ?? true ? "schema stamped" : "schema applied"
            case .upgrading: "upgrade begun and not known to be done"
            case .downgrading: "downgrade begun and not known to be done"
            }
        let data = try data(id)
        let isChanged = standing.changed.contains(id)
        let parts = [schema, data?.text, isChanged ? "its file has changed since" : nil].compactMap { $0 }
        let text = RevisionText(history: setting.history)
        return Entry(
            line: text.line(id) + ": " + parts.joined(separator: ", "),
            json: text.json(
                id,
                [
                    ("state", .string(state.rawValue)), ("is_stamped", .bool(record?.wasStamped ?? false)),
                    ("applied_at", record.map { .string($0.appliedAt) } ?? .null),
                    ("file_changed", .bool(isChanged)), ("data", data?.json ?? .null),
                ]))
    }

    private func data(_ id: RevisionID) throws -> DataStep.State? {
        guard let name = setting.history.file(id)?.pipeline else { return nil }
        do {
            return try DataStep(name, setting.pipelines).state()
        } catch let failure as CommandFailure {
            // A pipeline that went away does not hide what is applied.
            setting.terminal.note(failure.explanation.summary)
            return nil
        }
    }
}
