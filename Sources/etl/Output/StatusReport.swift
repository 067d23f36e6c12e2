import Engine
import JSON
import Ledger

/// What `etl status` tells: how runs stand, what to do next, and what was never begun. Pure.
struct StatusReport: Sendable {
    /// A run, and the command that goes on with it, where one is called for.
    struct Entry: Sendable {
        let summary: RunSummary
        let next: String?
    }

    /// The pipeline that was asked for; nil for all.
    let pipeline: String?
    let entries: [Entry]
    /// Pipelines of the project that the ledger does not know.
    let neverBegun: [String]

    /// Whether anybody works on any of the runs.
    var isAnybodyAtWork: Bool { entries.contains { !$0.summary.workers.isEmpty } }

    /// Whether a run says that it runs while nobody works on it.
    var isAnyInterrupted: Bool { entries.contains(where: \.summary.isInterrupted) }

    /// Lines for people.
    var lines: [TonedLine] {
        var lines: [TonedLine] = []
        for entry in entries {
            lines += SummaryText.lines(entry.summary) + ending(entry.summary)
            if let next = entry.next { lines.append("next: \(next)") }
        }
        if entries.isEmpty {
            lines.append("\(pipeline.map { "\($0) was never run" } ?? "nothing was ever run") on this database")
        }
        if !neverBegun.isEmpty { lines.append("never begun: \(neverBegun.joined(separator: ", "))") }
        return lines
    }

    /// An object for programs.
    func json(withPace: Bool = true) -> JSONValue {
        let runs = entries.map { entry in
            JSONValue.object(
                SummaryText.members(entry.summary, withPace: withPace)
                    + [("next", entry.next.map(JSONValue.string) ?? .null)])
        }
        return .object([
            ("runs", .array(runs)), ("never_begun", .array(neverBegun.map(JSONValue.string))),
        ])
    }

    /// Why nobody is at work though not all is done.
    private func ending(_ summary: RunSummary) -> [TonedLine] {
        if summary.isInterrupted { return ["\("nobody is at work", .bad)\(lastSign(summary))"] }
        guard SummaryText.state(summary) != "done", let end = summary.end else { return [] }
        let who = "process \(end.pid) on \(end.host) (\(end.osUser))"
        let moment = Quantity.moment(end.at)
        let others = summary.workers.isEmpty ? "" : "; others are still at work"
        switch end.act {
        case "fail": return ["\("failed", .bad) at \(moment) in \(who): \(end.detail)\(others)"]
        case "undone": return ["undone at \(moment) in \(who): \(end.detail)\(others)"]
        case "stop": return ["stopped at \(moment) in \(who): \(end.detail)\(others)"]
        default: return ["done \(end.detail) at \(moment) in \(who)\(others)"]
        }
    }

    private func lastSign(_ summary: RunSummary) -> String {
        guard let sign = summary.lastSign else { return "" }
        let doubt =
            sign.isPooled
            ? "; it came through a pooler, where only commits tell: something long may still be under way" : ""
        return "; last heard of \(Quantity.duration(sign.seconds)) ago, at \(Quantity.moment(sign.at))\(doubt)"
    }
}
