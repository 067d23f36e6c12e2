/// The pipelines of a project: the files `pipelines/<name>.json` in its directory.
public struct PipelineCatalog: Sendable {
    private static let directory = "pipelines"
    private static let suffix = ".json"

    private let files: ProjectFiles

    /// The catalogue of a project directory; nothing is read yet.
    public init(project: String) {
        files = ProjectFiles(directory: project)
    }

    /// The names of all pipelines, in order; whether each can be read is not looked at.
    public func names() throws(PipelineError) -> [String] {
        do throws(ProjectFiles.Fault) {
            return try files.names(in: Self.directory)
                .filter { $0.hasSuffix(Self.suffix) }
                .map { String($0.dropLast(Self.suffix.count)) }
                .filter(PlainName.isValid)
                .sorted()
        } catch {
            throw Self.error(Self.directory, "no pipelines are to be found here: \(error.message)")
        }
    }

    /// Whether no pipeline is to be found there, as in a directory that is no project.
    public var isEmpty: Bool { ((try? names()) ?? []).isEmpty }

    /// Reads a pipeline and every file it names, and tells all that is wrong with it at once.
    public func load(_ name: String) throws(PipelineError) -> Pipeline {
        let known = try names()
        guard known.contains(name) else {
            let hint = hint(for: name, among: known)
            throw Self.error(Self.directory, "there is no pipeline \(quotation(name)); \(hint)")
        }
        let file = "\(Self.directory)/\(name)\(Self.suffix)"
        let bytes: [UInt8]
        do throws(ProjectFiles.Fault) {
            bytes = try files.read(file)
        } catch {
            throw Self.error(file, error.message)
        }
        return try PipelineReader(name: name, file: file, files: files).read(bytes)
    }

    private static func error(_ file: String, _ message: String) -> PipelineError {
        PipelineError(problems: [.init(file: file, line: nil, message: message)])
    }
}
