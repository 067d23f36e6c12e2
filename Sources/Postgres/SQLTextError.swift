/// Why a script was refused before any of it ran: what is wrong, and on which line.
public struct SQLTextError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong with the text.
    public enum Reason: Equatable, Sendable {
        /// The bytes are not UTF-8.
        case notUTF8
        /// A NUL byte, where the server would believe the text to end.
        case nulByte
        /// A backslash outside quotes: an order to psql, which is not here.
        case metaCommand
        /// Something begins here and has no end.
        case unterminated(Construct)
        /// A `)` that closes nothing.
        case unopenedParenthesis
        /// A letter directly after a number, which versions of the server read differently.
        case letterAfterNumber
        /// A statement that would begin or end a transaction, which is the caller's alone to do.
        case transactionControl(String)
        /// A COPY whose rows would come or go through the connection.
        case copyThroughConnection
    }

    /// What can be left open at the end of a script.
    public enum Construct: String, Sendable {
        /// `/* …`
        case comment = "comment"
        /// `'…`
        case string = "string"
        /// `"…`
        case quotedIdentifier = "quoted identifier"
        /// `$tag$…`
        case dollarQuote = "dollar-quoted string"
        /// `(…`
        case parenthesis = "parenthesis"
        /// `BEGIN ATOMIC …`
        case atomicBody = "BEGIN ATOMIC body"
    }

    /// The script's name, usually its path in the project.
    public let script: String
    /// The line where the fault begins, counted from 1.
    public let line: Int
    /// What is wrong.
    public let reason: Reason

    /// The reason as a sentence without the place.
    public var message: String {
        switch reason {
        case .notUTF8: "the text is not UTF-8"
        case .nulByte: "the text holds a NUL byte"
        case .metaCommand: "psql commands (a backslash outside quotes) are not understood here"
        case .unterminated(let construct): "this \(construct.rawValue) is never closed"
        case .unopenedParenthesis: "this parenthesis closes nothing"
        case .letterAfterNumber: "a number is followed by a letter without a space"
        case .transactionControl(let words):
            "\(words) is not allowed: each script runs inside one transaction that etl begins and ends"
        case .copyThroughConnection:
            "COPY from STDIN or to STDOUT is not allowed: a script has no rows to send and nobody to read them"
        }
    }

    /// The place and the reason on one line.
    public var description: String { "\(script):\(line): \(message)" }
}
