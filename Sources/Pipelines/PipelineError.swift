/// Everything that is wrong with a pipeline, found before anything was touched.
public struct PipelineError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One thing that is wrong, and where.
    public struct Problem: Equatable, Sendable, CustomStringConvertible {
        /// The file, relative to the project.
        public let file: String
        /// The line in that file; nil when it is about the file as a whole.
        public let line: Int?
        /// What is wrong, as a sentence without the place.
        public let message: String

        /// Place and message on one line.
        public var description: String {
            line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
        }
    }

    /// All problems: those of the pipeline file by line, then those of its SQL files. There is at least one.
    public let problems: [Problem]

    /// One line a problem.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// Where the readers of one file leave what they find wrong, so that they can go on.
///
/// A reader that returns nil has left a problem here.
final class ProblemList {
    /// The pipeline file.
    let file: String
    private var found: [PipelineError.Problem] = []

    init(file: String) {
        self.file = file
    }

    /// A problem on a line of the pipeline file.
    func add(line: Int?, _ message: String) {
        found.append(.init(file: file, line: line, message: message))
    }

    /// A problem in another file.
    func add(file: String, line: Int?, _ message: String) {
        found.append(.init(file: file, line: line, message: message))
    }

    /// What was found, or nil when nothing is wrong.
    var error: PipelineError? {
        guard !found.isEmpty else { return nil }
        let own = found.filter { $0.file == file }.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        return PipelineError(problems: own + found.filter { $0.file != file })
    }
}
