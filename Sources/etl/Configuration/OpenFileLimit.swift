import Glibc

/// How many files the process may have open at a time. Where that is no room for a connection, every attempt would fail as if the
/// server were gone, and be made again until the longest outage is over. Where it is room for some, fewer workers do the work.
enum OpenFileLimit {
    /// What one connection takes with everything that is open besides.
    private static let needed: rlim_t = 12

    /// Refuses to begin where there is no room.
    static func check() throws(CommandFailure) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < needed else {
            return
        }
        throw CommandFailure(
            .usage,
            Explanation(
                summary: "this process may have \(limit.rlim_cur) files open, and needs \(needed) at least",
                next: "allow it more (ulimit -n 1024), then the same command again"))
    }
}
