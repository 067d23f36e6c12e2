import Glibc
import JSON
import Revisions

/// `etl revision`: writes the file of a new revision.
func newRevision(
    _ options: NewRevisionOptions, _ history: RevisionHistory, _ project: RevisionProject, _ terminal: Terminal
) throws(CommandFailure) -> ExitCode {
    var parents: [RevisionID] = []
    for text in options.heads.isEmpty ? ["head"] : options.heads {
        parents += try find(text, history)
    }
    let taken = parents.filter { !history.graph.children(of: $0).isEmpty }
    guard taken.isEmpty || options.splices else {
        throw CommandFailure(
            .usage,
            Explanation(
                summary: "\(taken.map(\.text).joined(separator: ", ")) is revised by another already",
                next: "to let a branch begin there, say --splice"))
    }
    return try write(options, revising: parents, history, project, terminal)
}

/// `etl merge`: writes the file of a revision that joins others.
func merge(
    _ targets: [String], _ options: NewRevisionOptions, _ history: RevisionHistory, _ project: RevisionProject,
    _ terminal: Terminal
) throws(CommandFailure) -> ExitCode {
    var parents: [RevisionID] = []
    for text in targets { parents += text == "heads" ? history.graph.heads : try find(text, history) }
    guard Set(parents).count > 1 else {
        throw CommandFailure(
            .usage,
            Explanation(summary: "there is only one revision to merge, or none", next: "see which there are: etl heads")
        )
    }
    return try write(options, revising: parents, history, project, terminal)
}

private func find(_ text: String, _ history: RevisionHistory) throws(CommandFailure) -> [RevisionID] {
    let target = try target(text)
    do throws(TargetError) {
        return try history.graph.find(target)
    } catch {
        let next =
            if case .severalHeads = error {
                "say which one it revises, --head REV, or join them first: etl merge heads -m TITLE"
            } else {
                "see which there are: etl history"
            }
        throw CommandFailure(RevisionFailure(error, next: next), rerun: "etl history")
    }
}

private func write(
    _ options: NewRevisionOptions, revising parents: [RevisionID], _ history: RevisionHistory,
    _ project: RevisionProject, _ terminal: Terminal
) throws(CommandFailure) -> ExitCode {
    let digits = String(UInt64.random(in: 1 << 44..<1 << 48), radix: 16)
    guard let id = RevisionID(options.id ?? digits) else { throw badName("--rev-id") }
    var labels: [BranchLabel] = []
    for text in options.labels {
        guard let label = BranchLabel(text) else { throw badName("--branch-label") }
        labels.append(label)
    }
    var needed: [String] = []
    for text in options.dependsOn {
        let isLabel = BranchLabel(text).map { label in
            history.graph.revisions.contains { $0.labels.contains(label) }
        }
        needed += isLabel == true ? [text] : try find(text, history).map(\.text)
    }
    let revision = Revision(id, parents: parents, dependencies: needed, labels: labels)
    do throws(GraphProblems) {
        _ = try RevisionGraph(history.graph.revisions + [revision])
    } catch {
        throw CommandFailure(
            .usage,
            Explanation(
                summary: error.all.map(\.description).joined(separator: "; "), next: "choose another name or place"))
    }
    let title = options.title.split(whereSeparator: \.isNewline).joined(separator: " ")
    let new = NewRevision(
        revision: revision, title: Printable.escaped(title), created: .now, pipeline: options.pipeline)
    let path = try project.write(new, template: options.template)
    if terminal.style.isJSON {
        terminal.result(.object([("revision", .string(id.text)), ("path", .string(path))]))
    } else {
        terminal.result(path)
    }
    return .done
}

private func badName(_ option: String) -> CommandFailure {
    CommandFailure(
        .usage,
        Explanation(
            summary: "\(option) takes 1 to 64 letters, digits and underscores, and none of base, head, heads, current",
            next: "choose another name"))
}

extension NewRevision.Moment {
    /// Now, in UTC.
    fileprivate static var now: NewRevision.Moment {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return NewRevision.Moment(
            year: Int(1900 + parts.tm_year), month: Int(parts.tm_mon + 1), day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec), epoch: seconds)
    }
}
