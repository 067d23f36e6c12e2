import Engine
import JSON
import Postgres
import Synchronization

/// `etl status --watch`: looks again and again until nobody is at work any more.
///
/// On a terminal the same lines are drawn anew each second; a pipe gets all of them every five seconds, a blank line
/// between; for programs there is an object each time that something happened.
struct StatusWatch {
    /// Seconds between looks.
    private static let interval = 1.0
    /// Seconds between what a pipe or the log gets.
    private static let plainInterval = 5.0
    /// Seconds that those who work get to come back after the server was away: they try again every five at least.
    static let returning = 15.0
    /// How often nobody must be seen at work: between two pipelines of a run there is a moment without anybody.
    private static let patience = 2

    let terminal: Terminal
    /// Waits so many seconds; whether a stop was asked for meanwhile.
    let wait: (Double) -> Bool
    /// When something last went wrong with the server; nil if nothing did.
    let lastTrouble: () -> Double?
    var now: () -> Double = { MonotonicClock.now }
    let look: () throws -> StatusReport

    /// Shows what there is to see until nobody is at work, beginning with a first look.
    func follow(_ first: StatusReport) throws {
        var shown = Shown()
        var report = first
        var idleLooks = first.isAnybodyAtWork ? 0 : Self.patience
        while true {
            if !report.isAnybodyAtWork, report.isAnyInterrupted, isReturning {
                if !shown.isReturnTold {
                    terminal.note("the server was away; those who worked may come back in a moment")
                }
                shown.isReturnTold = true
            } else {
                let isLast = idleLooks >= Self.patience
                show(report, isLast: isLast, &shown)
                if isLast { return }
            }
            if wait(Self.interval) { return }
            report = try look()
            idleLooks = report.isAnybodyAtWork ? 0 : idleLooks + 1
        }
    }

    private struct Shown {
        var facts: String?
        var plainAt: Double?
        var isReturnTold = false
    }

    /// Whether those who work may not have found the server again yet: that nobody is seen says nothing then.
    private var isReturning: Bool {
        guard let trouble = lastTrouble() else { return false }
        return now() - trouble < Self.returning
    }

    private func show(_ report: StatusReport, isLast: Bool, _ shown: inout Shown) {
        shown.isReturnTold = false
        if terminal.style.isJSON {
            let facts = report.json(withPace: false).text(pretty: false)
            if facts != shown.facts { terminal.result(report.json()) }
            shown.facts = facts
            return
        }
        let lines = report.lines
        let moment = now()
        let isDue = isLast || shown.plainAt.map { moment - $0 >= Self.plainInterval } ?? true
        if terminal.style.canRepaint {
            terminal.repaint(lines, isLast: isLast)
            if isDue { for line in lines { terminal.writeLog(line.plain) } }
        } else if isDue {
            if shown.plainAt != nil { terminal.result("") }
            for line in lines { terminal.result(line) }
        }
        if isDue { shown.plainAt = moment }
    }
}

/// Passes on what it is told, and remembers when something went wrong with the server.
final class TroubleReporter: Reporter {
    private let next: any Reporter
    private let moment = Mutex<Double?>(nil)

    init(_ next: any Reporter) {
        self.next = next
    }

    /// When something last went wrong; nil if nothing did.
    var last: Double? { moment.withLock { $0 } }

    func report(_ event: Event) {
        if case .retrying = event { moment.withLock { $0 = MonotonicClock.now } }
        next.report(event)
    }
}
