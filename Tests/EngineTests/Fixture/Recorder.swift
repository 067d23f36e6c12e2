import Engine
import Synchronization

/// Keeps what a run tells, and lets a test act on it at that very moment.
final class Recorder: Reporter {
    private let events = Mutex<[Event]>([])
    private let react: @Sendable (Event) -> Void

    init(_ react: @escaping @Sendable (Event) -> Void = { _ in }) {
        self.react = react
    }

    func report(_ event: Event) {
        events.withLock { $0.append(event) }
        react(event)
    }

    var notices: [String] {
        events.withLock { $0.compactMap { if case .notice(let text) = $0 { text } else { nil } } }
    }

    var retries: [String] {
        events.withLock { $0.compactMap { if case .retrying(_, let what, _, _) = $0 { what } else { nil } } }
    }

    var stagesBegun: [String] {
        events.withLock { $0.compactMap { if case .stageBegan(let stage, _) = $0 { stage } else { nil } } }
    }

    var stagesSkipped: [String] {
        events.withLock { $0.compactMap { if case .stageSkipped(_, let reason) = $0 { reason } else { nil } } }
    }

    var rowsReported: Int64 {
        events.withLock {
            $0.reduce(0) { if case .progress(let progress) = $1 { max($0, progress.rowsHere) } else { $0 } }
        }
    }
}
