/// A value from a file that people write, with the line it stands on.
public struct LocatedValue: Sendable, Equatable {
    /// The line, counted from 1.
    public let line: Int
    /// What stands there.
    public let content: Content

    /// What a value is.
    public indirect enum Content: Sendable, Equatable {
        case null
        case bool(Bool)
        case integer(Int64)
        /// A number with a point or an exponent, as written.
        case number(String)
        case string(String)
        case array([LocatedValue])
        case object([Member])
    }

    /// A key of an object and its value, in the order of the file.
    public struct Member: Sendable, Equatable {
        /// The key.
        public let key: String
        /// The line of the key.
        public let line: Int
        /// The value.
        public let value: LocatedValue
    }
}

/// What is wrong in a file, and on which line.
public struct ConfigurationError: Error, Equatable, Sendable {
    /// The line, counted from 1.
    public let line: Int
    /// What is wrong there, for people.
    public let problem: String

    /// Says that a line is wrong.
    public init(line: Int, problem: String) {
        self.line = line
        self.problem = problem
    }
}
