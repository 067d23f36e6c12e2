/// Where a text stops being JSON, and why.
public struct SyntaxError: Error, Equatable, Sendable {
    /// The byte, counted from 0, at which reading could not go on.
    public let offset: Int
    /// What is wrong there, for people; it never quotes the text.
    public let problem: String

    init(_ problem: String, at offset: Int) {
        self.offset = offset
        self.problem = problem
    }
}
