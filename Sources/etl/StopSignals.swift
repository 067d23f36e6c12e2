import Glibc
import Synchronization

/// What a signal, or the time that passed since one, asks for. Pure.
struct StopSequence {
    /// What to do next.
    enum Step: Equatable {
        /// Finish or roll back what is under way, then end.
        case stop(signal: Int32)
        /// End at once.
        case cancel
    }

    /// Seconds that an orderly stop may take before it is cut short, so that all is over within ten.
    static let patience: Int = 9

    private var isStopping = false
    private var isCancelled = false

    /// The first signal stops in order, any further one cancels.
    mutating func received(_ signal: Int32) -> Step? {
        guard isStopping else {
            isStopping = true
            return .stop(signal: signal)
        }
        return cancelled()
    }

    /// Patience has run out.
    mutating func timedOut() -> Step? {
        isStopping ? cancelled() : nil
    }

    /// Whether a deadline is running.
    var isWaiting: Bool { isStopping && !isCancelled }

    private mutating func cancelled() -> Step? {
        guard !isCancelled else { return nil }
        isCancelled = true
        return .cancel
    }
}

/// Takes SIGINT, SIGTERM and SIGHUP off this process and turns them into requests.
enum StopSignals {
    /// Watches from now until the process ends. Call it before any other thread is started: the signals are
    /// held back in this thread and in all that it starts, so that only the watching thread gets them.
    ///
    /// A SIGHUP that was ignored when the program started stays ignored, which is what `nohup` asks for.
    static func watch(stop: @escaping @Sendable (Int32) -> Void, cancel: @escaping @Sendable () -> Void) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        if !isIgnored(SIGHUP) { sigaddset(&signals, SIGHUP) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let watched = signals
        let box = Watcher { follow(watched, stop: stop, cancel: cancel) }
        var thread = pthread_t()
        let pointer = Unmanaged.passRetained(box).toOpaque()
        let code = pthread_create(&thread, nil, { Watcher.enter($0) }, pointer)
        if code == 0 {
            pthread_detach(thread)
        } else {
            // Without a watcher the signals must keep their usual effect, or nothing could stop the program.
            Unmanaged<Watcher>.fromOpaque(pointer).release()
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        }
    }

    private static func follow(
        _ watched: sigset_t, stop: (Int32) -> Void, cancel: () -> Void
    ) {
        var signals = watched
        var sequence = StopSequence()
        while true {
            var patience = timespec(tv_sec: StopSequence.patience, tv_nsec: 0)
            let signal =
                sequence.isWaiting ? sigtimedwait(&signals, nil, &patience) : sigwaitinfo(&signals, nil)
            let step: StopSequence.Step?
            if signal > 0 {
                step = sequence.received(signal)
            } else if errno == EAGAIN {
                step = sequence.timedOut()
            } else {
                step = nil
            }
            switch step {
            case .stop(let signal): stop(signal)
            case .cancel: cancel()
            case nil: break
            }
        }
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
    }
}

/// Carries what a thread does across the C interface.
private final class Watcher: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    static func enter(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let pointer { Unmanaged<Watcher>.fromOpaque(pointer).takeRetainedValue().body() }
        return nil
    }
}
