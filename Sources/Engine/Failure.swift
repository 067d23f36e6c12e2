public import Postgres

/// Why a run ended before it was done, with all that an operator needs to go on.
public struct Failure: Error, Sendable {
    /// What kind of end it is; an exit code stands for each.
    public enum Kind: Sendable, Equatable {
        /// It failed; running again goes on from there.
        case failed
        /// What was asked cannot be done as it was said; nothing was touched.
        case usage
        /// A guard refuses it.
        case refused
        /// Another process works on the run.
        case anotherRun
        /// The server cannot be reached, or was lost for too long.
        case unreachable
        /// Whether the last commit happened could not be found out in time.
        case unknownOutcome
        /// Stopped in order by a signal, or as if by one.
        case stopped(signal: Int32)
    }

    /// What kind of end it is.
    public var kind: Kind
    /// What failed and why, in one sentence.
    public var what: String
    /// The pipeline and the stage, where there is one.
    public var place: String?
    /// More lines: every problem of several, or what PostgreSQL said besides.
    public var details: [String]
    /// What can be done now; nil where running again is all there is.
    public var next: String?

    /// Describes an end.
    public init(
        _ kind: Kind, _ what: String, place: String? = nil, details: [String] = [], next: String? = nil
    ) {
        self.kind = kind
        self.what = what
        self.place = place
        self.details = details
        self.next = next
    }

    /// Describes an error of PostgreSQL met while doing `what`.
    public init(_ error: PostgresError, while what: String, place: String? = nil) {
        let kind: Kind =
            switch error {
            case .cannotConnect, .connectionLost, .deadlinePassed: .unreachable
            case .commitUnknown: .unknownOutcome
            default: .failed
            }
        self.init(
            kind, "\(what): \(error)", place: place, details: Self.details(of: error.serverError),
            next: error.serverError.flatMap(ServerAdvice.next))
    }

    private static func details(of error: ServerError?) -> [String] {
        guard let error else { return [] }
        return [
            ("detail", error.detailWithoutData), ("hint", error.hint), ("table", error.table), ("column", error.column),
        ]
        .compactMap { name, value in value.map { "\(name): \($0)" } }
    }

    /// The same end, with the place filled in where it is not known yet.
    func at(_ place: String) -> Failure {
        var failure = self
        failure.place = failure.place ?? place
        return failure
    }
}
