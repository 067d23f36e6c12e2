import JSON
import Revisions

/// Revisions in words and as JSON.
struct RevisionText {
    let history: RevisionHistory
    /// What is current in the database, where that was looked up.
    var current: Set<RevisionID>?

    private let heads: Set<RevisionID>
    private let topmost: Set<RevisionID>
    private let branchPoints: Set<RevisionID>

    init(history: RevisionHistory) {
        self.history = history
        heads = Set(history.graph.heads)
        topmost = Set(history.graph.topmost)
        branchPoints = Set(history.graph.branchPoints)
    }

    private var graph: RevisionGraph { history.graph }

    /// A revision in a line, as in `8f3a1c92d0b4 (novel) (head), add model_name`.
    func line(_ id: RevisionID, withTitle: Bool = true) -> String {
        let title = history.file(id)?.title ?? ""
        return ([id.text] + marks(id).map { "(\($0))" }).joined(separator: " ")
            + (withTitle && !title.isEmpty ? ", " + title : "")
    }

    /// The same with what it revises in front: `9d41f7a02c33 -> 8f3a1c92d0b4 (head), …`.
    func lineWithParents(_ id: RevisionID) -> String {
        let parents = graph.revision(id)?.parents.map(\.text) ?? []
        let needed = graph.revision(id)?.dependencies ?? []
        return (parents.isEmpty ? "<base>" : parents.joined(separator: ", "))
            + (needed.isEmpty ? "" : " (\(needed.joined(separator: ", ")))") + " -> " + line(id)
    }

    /// All that is known of it, a line each.
    func details(_ id: RevisionID) -> [String] {
        guard let file = history.file(id) else { return [line(id)] }
        func list(_ ids: [RevisionID]) -> String { ids.map(\.text).joined(separator: ", ") }
        let parents = file.revision.parents
        var lines = ["revision: " + line(id, withTitle: false), "title: \(file.title)"]
        lines.append("revises: " + (parents.isEmpty ? "<base>" : list(parents)))
        if !file.revision.dependencies.isEmpty {
            lines.append("depends on: " + file.revision.dependencies.joined(separator: ", "))
        }
        let children = graph.children(of: id)
        if children.count > 1 { lines.append("branches into: " + list(children)) }
        if let created = file.created { lines.append("created: \(created)") }
        if let pipeline = file.pipeline { lines.append("data step: pipeline \(pipeline)") }
        if !file.isReversible { lines.append("no way back") }
        lines.append("file: \(file.path)")
        return lines
    }

    func json(_ id: RevisionID, _ more: [(String, JSONValue)] = []) -> JSONValue {
        let file = history.file(id)
        func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
        var members: [(String, JSONValue)] = [
            ("revision", .string(id.text)), ("title", .string(file?.title ?? "")),
            ("revises", list(file?.revision.parents.map(\.text) ?? [])),
            ("depends_on", list(file?.revision.dependencies ?? [])),
            ("labels", list(graph.labels(of: id).map(\.text))), ("is_head", .bool(heads.contains(id))),
            ("is_branch_point", .bool(branchPoints.contains(id))),
            ("created", file?.created.map(JSONValue.string) ?? .null),
            ("pipeline", file?.pipeline.map(JSONValue.string) ?? .null),
            ("path", file.map { .string($0.path) } ?? .null),
        ]
        if let current { members.append(("is_current", .bool(current.contains(id)))) }
        return .object(members + more)
    }

    private func marks(_ id: RevisionID) -> [String] {
        var marks = graph.labels(of: id).isEmpty ? [] : [graph.labels(of: id).map(\.text).joined(separator: ", ")]
        if heads.contains(id) {
            // What another depends on is no row of its own when everything is applied.
            marks.append(topmost.contains(id) ? "head" : "head, needed by another")
        }
        if branchPoints.contains(id) { marks.append("branchpoint") }
        if graph.revision(id).map({ $0.parents.count > 1 }) ?? false { marks.append("mergepoint") }
        if current?.contains(id) ?? false { marks.append("current") }
        return marks
    }
}
