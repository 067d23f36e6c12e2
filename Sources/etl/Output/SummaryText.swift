import Engine
import JSON

/// How a run stands, in lines for people and as an object for programs.
enum SummaryText {
    /// The run, its stages, what is open, and who works on it.
    static func lines(_ summary: RunSummary) -> [String] {
        var lines = [
            "\(summary.pipeline): \(state(summary)) (run \(summary.run) on schema \(summary.schema), begun \(summary.startedAt))"
        ]
        let nameWidth = summary.stages.map(\.name.count).max() ?? 0
        for stage in summary.stages {
            let name = stage.name.padding(to: nameWidth)
            lines.append("  \(name)  \(stage.state.padding(to: 7))  \(stage.rows.map(counts) ?? stage.kind)")
        }
        for worker in summary.workers {
            lines.append("at work: process \(worker.pid) on \(worker.host), since \(worker.since)")
        }
        if summary.openRejects > 0 {
            let codes = summary.rejectsByCode.map { "\($0.code) \(Quantity.grouped($0.count))" }
            lines.append("\(Quantity.counted(summary.openRejects, "open reject")): \(codes.joined(separator: ", "))")
        }
        if !summary.unmapped.isEmpty {
            let names = summary.unmapped.prefix(10).map { "\($0.name) \(Quantity.grouped($0.count))" }
            let more = summary.unmapped.count > 10 ? ", and \(summary.unmapped.count - 10) more" : ""
            lines.append("keys that nothing reads (unmapped): \(names.joined(separator: ", "))\(more)")
        }
        return lines.map(Printable.escaped)
    }

    /// The state in words; a run that says running while nobody works on it was interrupted.
    static func state(_ summary: RunSummary) -> String {
        summary.state == "running" && summary.workers.isEmpty ? "interrupted" : summary.state
    }

    private static func counts(_ rows: StageSummary.Rows) -> String {
        var parts = ["\(Quantity.grouped(rows.migrated)) migrated", "\(Quantity.grouped(rows.empty)) empty"]
        parts.append("\(Quantity.grouped(rows.rejected)) rejected")
        if rows.gone > 0 { parts.append("\(Quantity.grouped(rows.gone)) gone meanwhile") }
        let read = "\(Quantity.grouped(rows.read)) read: \(parts.joined(separator: " + "))"
        let adopted = rows.adopted > 0 ? ", \(Quantity.grouped(rows.adopted)) of them there already" : ""
        let kept = rows.kept > 0 ? ", \(Quantity.grouped(rows.kept)) kept though they differ" : ""
        let chunks = rows.chunksDone < rows.chunks ? "; chunk \(rows.chunksDone) of \(rows.chunks) done" : ""
        return "\(read)\(adopted)\(kept) -> \(Quantity.counted(rows.targetRows, "row"))\(chunks)"
    }

    /// The same for programs.
    static func json(_ summary: RunSummary) -> JSONValue {
        .object([
            ("run", .int(summary.run)), ("pipeline", .string(summary.pipeline)),
            ("schema", .string(summary.schema)), ("state", .string(state(summary))),
            ("started_at", .string(summary.startedAt)),
            ("finished_at", summary.finishedAt.map(JSONValue.string) ?? .null),
            ("stages", .array(summary.stages.map(json))),
            ("open_rejects", .int(summary.openRejects)),
            ("rejects", .object(summary.rejectsByCode.map { ($0.code, .int($0.count)) })),
            (
                "unmapped",
                .array(summary.unmapped.map { .object([("name", .string($0.name)), ("count", .int($0.count))]) })
            ),
            (
                "workers",
                .array(
                    summary.workers.map {
                        .object([("host", .string($0.host)), ("pid", .int($0.pid)), ("since", .string($0.since))])
                    })
            ),
        ])
    }

    private static func json(_ stage: StageSummary) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(stage.name)), ("kind", .string(stage.kind)), ("state", .string(stage.state)),
        ]
        if let rows = stage.rows {
            members += [
                ("read", .int(rows.read)), ("migrated", .int(rows.migrated)), ("empty", .int(rows.empty)),
                ("rejected", .int(rows.rejected)), ("gone", .int(rows.gone)), ("adopted", .int(rows.adopted)),
                ("kept", .int(rows.kept)),
                ("target_rows", .int(rows.targetRows)), ("total", rows.total.map(JSONValue.int) ?? .null),
                ("chunks_done", .int(rows.chunksDone)), ("chunks", .int(rows.chunks)),
            ]
        }
        return .object(members)
    }
}

extension String {
    /// The text with blanks behind it, up to a width.
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
