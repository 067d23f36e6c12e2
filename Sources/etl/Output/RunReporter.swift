import Engine
import Postgres
import Synchronization

/// Shows the events of a run: a line that is drawn again and again on a terminal, plain lines in a pipe,
/// objects for programs; and every event in the log.
final class RunReporter: Reporter {
    private struct State {
        var meter = ProgressMeter()
        var stage: String?
        var last: Progress?
        var drawnAt: Double?
        var toldAt: Double?
    }

    /// Ten times a second is as often as anybody can read.
    private static let redrawInterval = 0.1
    private static let plainInterval = 5.0

    private let terminal: Terminal
    private let now: @Sendable () -> Double
    private let state = Mutex(State())

    /// A reporter whose clock counts seconds and never goes back.
    init(_ terminal: Terminal, now: @escaping @Sendable () -> Double = { MonotonicClock.now }) {
        self.terminal = terminal
        self.now = now
    }

    func report(_ event: Event) {
        if case .progress = event {} else { terminal.writeLog(EventText.line(event)) }
        if case .progress(let progress) = event { show(progress) }
        if terminal.style.isJSON {
            if !terminal.style.isQuiet { terminal.tell(EventText.json(event)) }
            return
        }
        switch event {
        case .progress: break
        case .stageBegan, .stageFinished:
            state.withLock { $0 = State() }
            terminal.progressLine(EventText.line(event))
        case .runBegan, .stageSkipped, .retrying, .notice:
            terminal.progressLine(EventText.line(event))
        }
    }

    private func show(_ progress: Progress) {
        let moment = now()
        state.withLock { state in
            if state.stage != progress.stage { state = State() }
            state.stage = progress.stage
            state.meter.add(progress)
            let line = ProgressLine(progress, state.meter.reading(total: progress.total))
            if terminal.style.canRedraw, !terminal.style.isJSON {
                if Self.isDue(state.drawnAt, moment, Self.redrawInterval) {
                    state.drawnAt = moment
                    terminal.redraw(line.text(columns:))
                }
            }
            guard Self.isDue(state.toldAt, moment, Self.plainInterval) else { return }
            state.toldAt = moment
            terminal.writeLog(line.text)
            if !terminal.style.canRedraw { terminal.progressLine(line.text) }
        }
    }

    private static func isDue(_ last: Double?, _ moment: Double, _ interval: Double) -> Bool {
        guard let last else { return true }
        return moment - last >= interval
    }
}
