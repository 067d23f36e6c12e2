import Glibc
import Synchronization

/// How a program ended.
package enum Ending: Sendable, Equatable, CustomStringConvertible {
    /// It returned a code.
    case exited(Int32)
    /// A signal ended it.
    case killed(signal: Int32)

    /// The ending that a wait status holds (see wait(2); the macros for it are not visible to Swift).
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .killed(signal: signal)
    }

    /// The ending in words.
    package var description: String {
        switch self {
        case .exited(let code): "ended with code \(code)"
        case .killed(let signal): "was ended by signal \(signal)"
        }
    }
}

/// A running program that is ours to wait for.
///
/// It is reaped as soon as it has ended, by a thread that does nothing else: a dead child left lying about
/// would keep whoever waits for any child of this process, as Swift Testing does, from seeing the others.
/// Reaping and signalling exclude each other, so a signal never reaches another process of that number.
package final class ChildProcess: Sendable {
    /// Its process number.
    package let pid: Int32
    private let ending = Mutex<Ending?>(nil)

    init(pid: Int32) {
        self.pid = pid
        var thread = pthread_t()
        let started = pthread_create(
            &thread, nil,
            { argument in
                argument.map { Unmanaged<ChildProcess>.fromOpaque($0).takeRetainedValue() }?.wait()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        // Without a thread the child is reaped when somebody asks how it ended; the reference given to the
        // thread is then lost, which keeps a few bytes.
        if started == 0 { pthread_detach(thread) }
    }

    /// Waits until it has ended, however long that takes.
    @discardableResult
    package func wait() -> Ending {
        // Waiting leaves the process unreaped, outside the lock, so that signals can be sent meanwhile.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return reap(options: 0) ?? .exited(-1)
    }

    /// How it ended, or nil while it runs.
    package func poll() -> Ending? {
        reap(options: WNOHANG)
    }

    /// Sends a signal, unless it has ended.
    package func send(signal: Int32) {
        ending.withLock { if $0 == nil { _ = kill(pid, signal) } }
    }

    private func reap(options: Int32) -> Ending? {
        ending.withLock { known in
            if known == nil {
                var status: Int32 = 0
                if waitpid(pid, &status, options) == pid { known = Ending(waitStatus: status) }
            }
            return known
        }
    }
}
