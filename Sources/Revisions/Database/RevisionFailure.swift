public import Postgres

/// Why work on revisions ended before it was done, with all that an operator needs to go on.
public struct RevisionFailure: Error, Sendable, Equatable {
    /// What kind of end it is; an exit code stands for each.
    public enum Kind: Sendable, Equatable {
        /// It failed; what was done before stays done.
        case failed
        /// What was asked cannot be done as it was said; nothing was touched.
        case usage
        /// A guard refuses it.
        case refused
        /// Another process works on the revisions.
        case anotherProcess
        /// The server cannot be reached, or was lost for too long.
        case unreachable
        /// Whether the last commit happened could not be found out in time.
        case unknownOutcome
        /// Stopped in order by a signal.
        case stopped(signal: Int32)
    }

    /// What kind of end it is.
    public var kind: Kind
    /// What failed and why, in one sentence.
    public var what: String
    /// More lines.
    public var details: [String]
    /// What can be done now; nil where running again is all there is.
    public var next: String?

    /// Describes an end.
    public init(_ kind: Kind, _ what: String, details: [String] = [], next: String? = nil) {
        self.kind = kind
        self.what = what
        self.details = details
        self.next = next
    }

    /// Describes an error of PostgreSQL met while doing `what`.
    public init(_ error: PostgresError, while what: String) {
        let kind: Kind =
            switch error {
            case .cannotConnect, .connectionLost, .deadlinePassed: .unreachable
            case .commitUnknown: .unknownOutcome
            default: .failed
            }
        let server = error.serverError
        self.init(
            kind, "\(what): \(error)",
            details: [("detail", server?.detailWithoutData), ("hint", server?.hint)].compactMap { name, text in
                text.map { "\(name): \($0)" }
            })
    }

    /// Describes a target that leads nowhere.
    public init(_ error: TargetError, next: String? = nil) {
        switch error {
        case .lost, .gap: self.init(.refused, error.description, next: next)
        default: self.init(.usage, error.description, next: next)
        }
    }

    /// Describes a revision that no downgrade can take back.
    static func noWayBack(_ file: RevisionFile) -> RevisionFailure {
        RevisionFailure(
            .refused, "revision \(file.revision.id) cannot be taken back: \(file.path) has no line '-- downgrade'",
            next: "write one, with what takes it back, if anything")
    }
}
