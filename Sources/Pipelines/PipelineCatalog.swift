import JSON

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
        let file = Self.file(of: name)
        let bytes: [UInt8]
        do throws(ProjectFiles.Fault) {
            bytes = try files.read(file)
        } catch {
            throw Self.error(file, error.message)
        }
        return try PipelineReader(name: name, file: file, files: files, catalog: self).read(bytes)
    }

    /// The pipelines that build on one, by what they need, in an order in which each comes after those it needs; and the names of
    /// those among them that cannot be read.
    public func dependents(of name: String) -> (pipelines: [Pipeline], unreadable: [String]) {
        var waiting = ((try? names()) ?? []).filter { $0 != name }.map { ($0, Set(needs(of: $0))) }
        var above: Set<String> = [name]
        while let next = waiting.first(where: { !above.contains($0.0) && !above.isDisjoint(with: $0.1) }) {
            above.insert(next.0)
        }
        above.remove(name)
        waiting = waiting.filter { above.contains($0.0) }
        var ordered: [String] = []
        // What needs itself in a circle never comes; it cannot be read either.
        while let index = waiting.firstIndex(where: { $0.1.isDisjoint(with: above.subtracting(ordered)) }) {
            ordered.append(waiting.remove(at: index).0)
        }
        var unreadable = waiting.map(\.0)
        let pipelines = ordered.compactMap { name -> Pipeline? in
            if let pipeline = try? load(name) { return pipeline }
            unreadable.append(name)
            return nil
        }
        return (pipelines, unreadable)
    }

    /// What a pipeline says that it needs, as far as its file can be read: what is wrong with it is told by loading it.
    func needs(of name: String) -> [String] { others(named: "needs", in: name) }

    /// The pipelines in the place of which one says that it is, in the same way.
    func replaced(by name: String) -> [String] { others(named: "instead_of", in: name) }

    private func others(named key: String, in name: String) -> [String] {
        guard PlainName.isValid(name), let bytes = try? files.read(Self.file(of: name)),
            case .object(let members)? = (try? ConfigurationFile.read(bytes))?.content,
            case .array(let elements)? = members.first(where: { $0.key == key })?.value.content
        else { return [] }
        return elements.compactMap { if case .string(let name) = $0.content { name } else { nil } }
    }

    /// The path of a pipeline's file in the project.
    static func file(of name: String) -> String { "\(directory)/\(name)\(suffix)" }

    private static func error(_ file: String, _ message: String) -> PipelineError {
        PipelineError(problems: [.init(file: file, line: nil, message: message)])
    }
}
