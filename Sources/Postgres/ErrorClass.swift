/// What a run does about an error of PostgreSQL. This is the one table that decides it.
public enum ErrorClass: Sendable, Equatable {
    /// It may pass: the same work is tried again, a bounded number of times.
    case retry
    /// A row's data is at fault: the batch is halved down to that row, which becomes a reject.
    case row
    /// Neither: the run stops and says so. Everything not known is in here.
    case stop

    /// Classifies a SQLSTATE; the longest entry that fits decides.
    public init(sqlstate: String) {
        self =
            Self.exact[sqlstate] ?? Self.byClass[String(sqlstate.prefix(2))]
            ?? (Mutant.is(.retryUnknownErrors) ? .retry : .stop)
    }

    static let byClass: [String: ErrorClass] = [
        "08": .retry,  // connection exception
        "53": .retry,  // insufficient resources: disk, memory, connections
        "22": .row,  // data exception
    ]

    static let exact: [String: ErrorClass] = [
        "40001": .retry,  // serialization failure
        "40P01": .retry,  // deadlock
        "55P03": .retry,  // lock not available in time
        "57014": .retry,  // cancelled, or statement_timeout
        "57P01": .retry,  // terminated by an administrator
        "57P02": .retry,  // the server resets after a crash
        "57P03": .retry,  // the server starts or stops
        "57P05": .retry,  // idle session timeout
        "25P03": .retry,  // idle in transaction for too long
        "23505": .row,  // a unique constraint that the data breaks
        "23514": .row,  // a check constraint that the data breaks
        "23P01": .row,  // an exclusion constraint that the data breaks
        "23503": .row,  // a parent that is gone
        "54000": .row,  // a row beyond a limit of the server: an index entry, a value that cannot be printed
        "22023": .stop,  // an invalid parameter value is our statement, not a row
    ]
}
