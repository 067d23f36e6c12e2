import JSON
import Postgres
import Revisions

/// Shows revisions, a line each, or all that is known of them.
func list(
    _ ids: [RevisionID], isVerbose: Bool, _ text: RevisionText, named name: String, withParents: Bool = false,
    _ terminal: Terminal
) {
    if terminal.style.isJSON { return terminal.result(.object([(name, .array(ids.map { text.json($0) }))])) }
    for (number, id) in ids.enumerated() {
        guard isVerbose else {
            terminal.result(withParents ? text.lineWithParents(id) : text.line(id))
            continue
        }
        if number > 0 { terminal.result("") }
        for line in text.details(id) { terminal.result(line) }
    }
    if ids.isEmpty, text.history.graph.revisions.isEmpty {
        terminal.note("there are no revisions in \(RevisionProject.folder)/; make one: etl revision -m TITLE")
    }
}

/// `etl branches`: the revisions at which the way parts, and where it leads.
func showBranches(isVerbose: Bool, _ history: RevisionHistory, _ terminal: Terminal) {
    let text = RevisionText(history: history)
    let points = history.graph.branchPoints
    if terminal.style.isJSON || isVerbose {
        return list(points, isVerbose: isVerbose, text, named: "branches", terminal)
    }
    for id in points {
        terminal.result(text.line(id))
        for child in history.graph.children(of: id) {
            terminal.result(String(repeating: " ", count: id.text.count) + " -> " + text.line(child))
        }
    }
}

/// `etl history`: revisions from one to another, the newest first.
func showHistory(
    _ options: HistoryOptions, _ history: RevisionHistory, _ terminal: Terminal,
    _ setting: () throws(CommandFailure) -> RevisionSetting
) throws(CommandFailure) -> ExitCode {
    let ends = (options.range ?? ":").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard ends.count == 2 else {
        throw CommandFailure(
            .usage, Explanation(summary: "--range takes FROM:TO, FROM: or :TO", next: "etl history --help"))
    }
    let graph = history.graph
    var text = RevisionText(history: history)
    var applied = graph.nothingApplied
    if options.indicatesCurrent || ends.contains("current") {
        applied = try appliedRevisions(try setting())
        if options.indicatesCurrent { text.current = Set(graph.current(applied)) }
    }
    let lower = ["", "current"].contains(ends[0]) ? nil : try target(ends[0])
    let upper = ["", "current"].contains(ends[1]) ? nil : try target(ends[1])
    let ids: [RevisionID]
    do throws(TargetError) {
        ids =
            switch (ends[0] == "current", ends[1] == "current") {
            case (false, false): try graph.history(TargetRange(from: lower, to: upper))
            case (false, true): try graph.history(from: lower, to: applied)
            case (true, false): try graph.history(from: applied, to: upper)
            case (true, true): graph.currentTips(applied)
            }
    } catch {
        throw CommandFailure(error)
    }
    list(ids, isVerbose: options.isVerbose, text, named: "history", withParents: true, terminal)
    return .done
}

/// What is applied in the database.
func appliedRevisions(_ setting: RevisionSetting) throws(CommandFailure) -> AppliedRevisions {
    try revising(rerun: "etl current") {
        let standing = try setting.work().look()
        return try setting.history.graph.applied(upTo: standing.records.map(\.id))
    }
}

/// The revisions that a word means; `current` are those of the database.
func meant(
    _ word: String, _ history: RevisionHistory, _ setting: () throws(CommandFailure) -> RevisionSetting
) throws(CommandFailure) -> [RevisionID] {
    if word == "current" { return history.graph.current(try appliedRevisions(try setting())) }
    let target = try target(word)
    do throws(TargetError) { return try history.graph.find(target) } catch { throw CommandFailure(error) }
}

/// `etl show`: all that is known of revisions, and what their files say.
func show(
    _ word: String, _ history: RevisionHistory, _ project: RevisionProject, _ terminal: Terminal,
    _ setting: () throws(CommandFailure) -> RevisionSetting
) throws(CommandFailure) -> ExitCode {
    let ids = try meant(word, history, setting)
    let text = RevisionText(history: history)
    if terminal.style.isJSON {
        let shown = ids.map { id in
            text.json(
                id,
                [
                    ("upgrade", statements(history.file(id)?.upgrade)),
                    ("downgrade", statements(history.file(id)?.downgrade)),
                ])
        }
        terminal.result(.object([("revisions", .array(shown))]))
        return .done
    }
    for id in ids {
        for line in text.details(id) { terminal.result(line) }
        for (name, side) in [("upgrade", history.file(id)?.upgrade), ("downgrade", history.file(id)?.downgrade)] {
            guard let side else { continue }
            terminal.result(name + (side.isTransactional ? ":" : ", outside of a transaction:"))
            for statement in side.script.statements {
                for line in (statement.text + ";").split(separator: "\n", omittingEmptySubsequences: false) {
                    terminal.result("  " + line)
                }
            }
        }
    }
    return .done
}

private func statements(_ side: RevisionFile.Side?) -> JSONValue {
    side.map { .array($0.script.statements.map { .string($0.text) }) } ?? .null
}
