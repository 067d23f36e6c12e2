import Glibc

/// A program about to be started, with nothing inherited but what is named here.
///
/// Not Foundation's `Process`: that one waits for the end of a socket which a daemon inherits, so
/// starting a server through it never returns.
package struct Launch: Sendable {
    /// Where a standard stream of the program leads.
    package enum Stream: Sendable {
        /// To `/dev/null`.
        case null
        /// To where ours leads.
        case inherited
        /// To an open descriptor of ours, which stays open here.
        case descriptor(Int32)
    }

    /// The program and its arguments; the program is sought in `PATH` when it has no slash.
    package var command: [String]
    /// All of its environment.
    package var environment: [String: String]
    /// Its working directory; ours when there is none.
    package var directory: String?
    /// Its standard input.
    package var input = Stream.null
    /// Its standard output.
    package var output = Stream.null
    /// Its standard error.
    package var error = Stream.null
    /// A descriptor that it gets as number 3.
    package var third: Int32?

    /// A program with its arguments and environment.
    package init(_ command: [String], environment: [String: String]) {
        self.command = command
        self.environment = environment
    }

    /// Starts the program.
    ///
    /// Its signal mask is empty and its signals are at their defaults, whatever ours are.
    package func start() throws(LaunchFailure) -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        connectStreams(&actions)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // `env` changes the directory, because glibc shows its own way to do it to GNU programs only.
        let words = directory.map { ["env", "--chdir=\($0)"] + command } ?? command
        var pid = pid_t()
        let code = withTerminatedList(words) { arguments in
            withTerminatedList(environment.map { "\($0)=\($1)" }) { variables in
                posix_spawnp(&pid, words[0], &actions, &attributes, arguments, variables)
            }
        }
        guard code == 0 else { throw LaunchFailure(program: words[0], code: code) }
        return ChildProcess(pid: pid)
    }

    private func connectStreams(_ actions: inout posix_spawn_file_actions_t) {
        for (number, stream) in [(Int32(0), input), (1, output), (2, error)] {
            switch stream {
            case .null: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            case .inherited: break
            case .descriptor(let descriptor):
                posix_spawn_file_actions_adddup2(&actions, descriptor, number)
            }
        }
        if let third { posix_spawn_file_actions_adddup2(&actions, third, 3) }
        // A server that lives on must not hold the files, pipes and locks of whoever started it. Closing
        // one that was closed meanwhile is no error.
        for descriptor in openDescriptors() where descriptor > (third == nil ? 2 : 3) {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
    }
}

/// A program could not be started at all.
package struct LaunchFailure: Error {
    /// The program.
    package let program: String
    /// What `posix_spawn` returned.
    package let code: Int32
}

private func openDescriptors() -> [Int32] {
    listDirectory("/proc/self/fd").compactMap { Int32($0) }
}

/// Lends a list as C wants it: pointers to terminated strings, then a null pointer.
private func withTerminatedList<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}
