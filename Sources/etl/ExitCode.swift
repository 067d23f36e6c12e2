/// How the program ends: one of the codes that scripts of operators rely on.
enum ExitCode: Int32, Sendable, CaseIterable {
    /// Done, or nothing to do.
    case done = 0
    /// Failed; running again resumes.
    case failed = 1
    /// The command line or the configuration is wrong; nothing was touched.
    case usage = 2
    /// Done as far as asked, and rejects are open.
    case rejectsOpen = 3
    /// A guard refused; what ran before it stays done.
    case refused = 4
    /// Another run is active.
    case anotherRun = 5
    /// The server could not be reached, or was lost for longer than allowed.
    case unreachable = 6
    /// The outcome of a commit could not be determined in time.
    case unknownOutcome = 7
    /// Stopped in order on SIGHUP.
    case hungUp = 129
    /// Stopped in order on SIGINT.
    case interrupted = 130
    /// Stopped in order on SIGTERM, or by `etl stop`.
    case terminated = 143

    /// The code for a run that was stopped in order by `signal`; any other signal counts as SIGTERM.
    init(stoppedBy signal: Int32) {
        self = ExitCode(rawValue: 128 + signal) ?? .terminated
    }

    /// One word for logs and JSON.
    var name: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .usage: "usage"
        case .rejectsOpen: "rejects-open"
        case .refused: "refused"
        case .anotherRun: "another-run"
        case .unreachable: "unreachable"
        case .unknownOutcome: "unknown-outcome"
        case .hungUp, .interrupted, .terminated: "stopped"
        }
    }
}
