import JSON

/// What the operator is told when a command does not end with 0: what failed, where and why, and what to do.
struct Explanation: Sendable, Equatable {
    /// What failed, where, and why, in one line.
    var summary: String
    /// More lines, one fact each.
    var details: [String] = []
    /// The next command, or the thing to do before it.
    var next: String

    /// Lines for people. Text from outside can't break out of its line.
    var lines: [String] { tonedLines.map(\.plain) }

    /// The same with tones.
    var tonedLines: [TonedLine] {
        ["\("etl:", .bad) \(summary)"] + details.map { "  \($0)" } + ["next: \(next)"]
    }

    /// The same for programs.
    func json(_ code: ExitCode) -> JSONValue {
        .object([
            ("event", .string("ended")), ("code", .int(Int64(code.rawValue))), ("name", .string(code.name)),
            ("summary", .string(summary)), ("details", .array(details.map(JSONValue.string))),
            ("next", .string(next)),
        ])
    }
}

/// A command's end that needs words: the code and what to say with it.
struct CommandFailure: Error, Equatable {
    let code: ExitCode
    let explanation: Explanation

    init(_ code: ExitCode, _ explanation: Explanation) {
        self.code = code
        self.explanation = explanation
    }
}
