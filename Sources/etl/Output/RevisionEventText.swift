import JSON
import Revisions

/// Events of work on revisions in words and as JSON.
enum RevisionEventText {
    /// Tells whoever watches.
    static func report(_ event: RevisionEvent, on terminal: Terminal) {
        if case .notice(let text) = event { return terminal.note(text) }
        terminal.writeLog(line(event))
        if terminal.style.isJSON {
            if !terminal.style.isQuiet { terminal.tell(json(event)) }
        } else {
            terminal.progressLine(line(event))
        }
    }

    static func line(_ event: RevisionEvent) -> String {
        switch event {
        case .began(let direction, let id, let title):
            "\(direction.rawValue) \(id)" + (title.isEmpty ? "" : ": \(title)")
        case .finished(let direction, let id, let seconds):
            "\(direction.rawValue) \(id): done in \(Quantity.seconds(seconds))"
        case .doneByAnother(let direction, let id): "\(direction.rawValue) \(id): another process has done it"
        case .waiting(let who): "another etl works on the revisions (\(who)); waiting"
        case .retrying(let what, _, let delay): "\(what); tried again in \(Quantity.seconds(delay))"
        case .notice(let text): text
        }
    }

    private static func json(_ event: RevisionEvent) -> JSONValue {
        switch event {
        case .began(let direction, let id, let title):
            object("step-began", direction, id, ("title", .string(title)))
        case .finished(let direction, let id, let seconds):
            object("step-finished", direction, id, ("seconds", .double(seconds)))
        case .doneByAnother(let direction, let id): object("step-done-by-another", direction, id)
        case .waiting(let who): .object([("event", .string("waiting")), ("for", .string(who))])
        case .retrying(let what, let attempt, let delay):
            .object([
                ("event", .string("retrying")), ("what", .string(what)), ("attempt", .int(Int64(attempt))),
                ("delay", .double(delay)),
            ])
        case .notice(let text): .object([("event", .string("notice")), ("text", .string(text))])
        }
    }

    private static func object(
        _ name: String, _ direction: RevisionEvent.Direction, _ id: RevisionID, _ more: (String, JSONValue)...
    ) -> JSONValue {
        .object(
            [
                ("event", .string(name)), ("direction", .string(direction.rawValue)),
                ("revision", .string(id.text)),
            ] + more)
    }
}
