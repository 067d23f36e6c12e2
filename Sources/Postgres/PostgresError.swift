/// What PostgreSQL said when it refused something, field by field.
public struct ServerError: Error, Sendable, Equatable {
    /// ERROR, FATAL or PANIC, never translated.
    public var severity: String
    /// The five characters of the SQLSTATE.
    public var sqlstate: String
    /// The one-sentence message.
    public var message: String
    /// More about the problem; may quote data.
    public var detail: String?
    /// What PostgreSQL suggests.
    public var hint: String?
    /// The schema of the object concerned.
    public var schema: String?
    /// The table concerned.
    public var table: String?
    /// The column concerned.
    public var column: String?
    /// The constraint concerned.
    public var constraint: String?
    /// Where in the statement it was noticed, counted in characters from 1.
    public var position: Int?

    /// The error's class, which decides what a run does about it.
    public var errorClass: ErrorClass { ErrorClass(sqlstate: sqlstate) }

    /// The detail, unless it would quote data: what is wrong with those is told by quoting them.
    public var detailWithoutData: String? { ["22", "23"].contains(sqlstate.prefix(2)) ? nil : detail }
}

/// Why something asked of PostgreSQL did not happen.
public enum PostgresError: Error, Sendable, Equatable {
    /// The server refused a statement; the session lives.
    case refused(ServerError)
    /// No session could be had.
    case cannotConnect(reason: String, sqlstate: String?)
    /// A session can be had, but what stands in between keeps no transaction together.
    case noTransactions(reason: String)
    /// The session ended under a statement, or the server ended it.
    case connectionLost(reason: String, sqlstate: String?)
    /// Nothing was heard from the server in the time allowed, so the session was given up.
    case deadlinePassed(what: String, seconds: Double)
    /// COMMIT was sent and its outcome was not heard: rows may be there or not.
    case commitUnknown(reason: String)
    /// COMMIT was answered with ROLLBACK: an earlier failure had ended the transaction.
    case rolledBackAtCommit
    /// Another number of rows was written than was meant: a trigger or a rule swallows rows.
    case copyCountDiffers(table: String, sent: Int, stored: Int)
    /// The operator asked to stop at once.
    case interrupted
    /// The server answered in a way that its protocol does not allow.
    case unexpectedAnswer(String)

    /// Whether there is a server that starts, stops, or has no session left for us now.
    public var isBusyServer: Bool {
        guard case .cannotConnect(_, let sqlstate?) = self else { return false }
        return sqlstate == "57P03" || sqlstate == "53300"
    }

    /// The error's class, which decides what a run does about it.
    public var errorClass: ErrorClass {
        switch self {
        case .refused(let error): error.errorClass
        case .cannotConnect(_, let sqlstate), .connectionLost(_, let sqlstate):
            sqlstate.map(ErrorClass.init(sqlstate:)) == .stop && !Mutant.is(.askRefusersAgain) ? .stop : .retry
        case .deadlinePassed, .commitUnknown: .retry
        case .noTransactions, .rolledBackAtCommit, .copyCountDiffers, .interrupted, .unexpectedAnswer: .stop
        }
    }

    /// What the server said, where it said something.
    public var serverError: ServerError? {
        if case .refused(let error) = self { error } else { nil }
    }

    /// Whether the session is gone and a new one is needed.
    public var endsSession: Bool {
        switch self {
        case .cannotConnect, .noTransactions, .connectionLost, .deadlinePassed, .commitUnknown, .interrupted: true
        case .refused, .rolledBackAtCommit, .copyCountDiffers, .unexpectedAnswer: false
        }
    }
}

extension ServerError: CustomStringConvertible {
    /// One line: severity, message and SQLSTATE.
    public var description: String { "\(severity): \(message) (SQLSTATE \(sqlstate))" }
}

extension PostgresError: CustomStringConvertible {
    /// One sentence about what happened.
    public var description: String {
        switch self {
        case .refused(let error): error.description
        case .cannotConnect(let reason, _): "cannot connect: \(reason)"
        case .noTransactions(let reason):
            "the pooler in between keeps no transaction together (\(reason)): it must pool transactions or sessions"
        case .connectionLost(let reason, _): "the connection was lost: \(reason)"
        case .deadlinePassed(let what, let seconds): "no answer to \(what) within \(seconds) s"
        case .commitUnknown(let reason): "the outcome of COMMIT was not heard: \(reason)"
        case .rolledBackAtCommit: "COMMIT was answered with ROLLBACK"
        case .copyCountDiffers(let table, let sent, let stored):
            "\(table) took \(stored) of \(sent) rows: a trigger or a rule swallows rows"
        case .interrupted: "stopped at once, as asked"
        case .unexpectedAnswer(let what): "unexpected answer from the server: \(what)"
        }
    }
}
