import Engine
import JSON

/// Events of a run in words and as JSON.
enum EventText {
    /// One line for people and for the log.
    static func line(_ event: Event) -> String {
        let text =
            switch event {
            case .runBegan(let run, let pipeline, let resumed):
                "\(pipeline): run \(run)" + (resumed ? " goes on where it stopped" : " begins")
            case .stageBegan(let stage, let kind): "\(stage): begins (\(kind))"
            case .progress(let progress): ProgressLine(progress, ProgressMeter.Reading()).text
            case .stageFinished(let stage, _, let rows, let seconds, let wal): finished(stage, rows, seconds, wal)
            case .stageSkipped(let stage, let reason): "\(stage): nothing to do, \(reason)"
            case .retrying(let stage, let what, let attempt, let delay):
                "\(stage): \(what); attempt \(attempt) follows in \(Quantity.seconds(delay))"
            case .notice(let text): text
            }
        return Printable.escaped(text)
    }

    /// One object for programs.
    static func json(_ event: Event) -> JSONValue {
        switch event {
        case .runBegan(let run, let pipeline, let resumed):
            object(
                "run-began", ("run", .int(run)), ("pipeline", .string(pipeline)), ("resumed", .bool(resumed)))
        case .stageBegan(let stage, let kind):
            object("stage-began", ("stage", .string(stage)), ("kind", .string(kind)))
        case .progress(let progress):
            object(
                "progress", ("stage", .string(progress.stage)), ("rows", .int(progress.rows)),
                ("total", progress.total.map(JSONValue.int) ?? .null), ("rows_here", .int(progress.rowsHere)),
                ("bytes_here", .int(progress.bytesHere)), ("rejects", .int(progress.rejects)),
                ("workers", .int(Int64(progress.workers))), ("seconds", .double(progress.seconds)))
        case .stageFinished(let stage, let kind, let rows, let seconds, let wal):
            object(
                "stage-finished", ("stage", .string(stage)), ("kind", .string(kind)),
                ("rows", rows.map(JSONValue.int) ?? .null), ("seconds", .double(seconds)), ("wal_bytes", .int(wal)))
        case .stageSkipped(let stage, let reason):
            object("stage-skipped", ("stage", .string(stage)), ("reason", .string(reason)))
        case .retrying(let stage, let what, let attempt, let delay):
            object(
                "retrying", ("stage", .string(stage)), ("what", .string(what)),
                ("attempt", .int(Int64(attempt))),
                ("delay", .double(delay)))
        case .notice(let text):
            object("notice", ("text", .string(text)))
        }
    }

    private static func object(_ name: String, _ members: (String, JSONValue)...) -> JSONValue {
        .object([("event", .string(name))] + members)
    }

    private static func finished(_ stage: String, _ rows: Int64?, _ seconds: Double, _ wal: Int64) -> String {
        let log = wal < leastWAL ? "" : "; the server wrote \(Quantity.bytes(wal)) of WAL meanwhile"
        guard let rows else { return "\(stage): done in \(Quantity.seconds(seconds))\(log)" }
        let speed = seconds > 0 ? " (\(Quantity.grouped(Int64(Double(rows) / seconds))) rows/s)" : ""
        return "\(stage): \(Quantity.counted(rows, "row")) in \(Quantity.seconds(seconds))\(speed)\(log)"
    }

    /// Less than one file of it is nobody's concern.
    private static let leastWAL: Int64 = 16 << 20
}
