import Glibc
import Synchronization

/// A file to which every event and message is appended, a line each, for the operator's eyes only.
final class LogFile: Sendable {
    private let descriptor: Int32
    private let failed = Mutex(false)

    /// Opens or makes the file; a link, a FIFO or another's file is refused.
    init(path: String) throws(CommandFailure) {
        descriptor = open(
            path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o600)
        guard descriptor >= 0 else { throw Self.refusal(SystemError.text(errno)) }
        var file = stat()
        guard fstat(descriptor, &file) == 0, file.st_mode & S_IFMT == S_IFREG, file.st_uid == geteuid() else {
            close(descriptor)
            throw Self.refusal("it is not a regular file of yours")
        }
        // Independent of the umask, and also for a file that was there.
        guard fchmod(descriptor, 0o600) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.refusal(SystemError.text(code))
        }
    }

    deinit {
        close(descriptor)
    }

    /// Appends a line with the time; false the first time that it could not be written.
    func append(_ line: String) -> Bool {
        let bytes = Array((Self.now() + " " + Printable.escaped(line) + "\n").utf8)
        if FileOutput.write(bytes, to: descriptor) { return true }
        return failed.withLock { failed in
            defer { failed = true }
            return failed
        }
    }

    private static func refusal(_ reason: String) -> CommandFailure {
        CommandFailure(
            .usage,
            Explanation(
                summary: "the log file can't be used: \(reason)", next: "name another with --log-file"))
    }

    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let milliseconds = String(1000 + time.tv_nsec / 1_000_000).dropFirst()
        return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)Z"
    }
}

/// Writes to file descriptors whatever happens at their other end.
enum FileOutput {
    /// Writes all bytes; false when nobody can take them.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // A reader that takes nothing for a second must not hold up the workers.
                guard poll(&wait, 1, 1000) > 0 else { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
