import Pipelines
import Support
import Synchronization

/// The pipelines of the package, each read once: hundreds of tests run over them, and to read them takes a test build longer than
/// a small run.
final class PipelineShelf: Sendable {
    static let shared = PipelineShelf()

    private let pipelines = Mutex<[String: Pipeline]>([:])
    private let dependents = Mutex<[String: [Pipeline]]>([:])

    /// A pipeline as its file says it; those of other projects may change, and are read each time.
    func pipeline(_ name: String, of project: String) throws(PipelineError) -> Pipeline {
        guard project == packageDirectory else { return try PipelineCatalog(project: project).load(name) }
        if let known = pipelines.withLock({ $0[name] }) { return known }
        let pipeline = try PipelineCatalog(project: project).load(name)
        pipelines.withLock { $0[name] = pipeline }
        return pipeline
    }

    /// The pipelines that build on one.
    func dependents(of name: String, in project: String) -> [Pipeline] {
        func read() -> [Pipeline] { PipelineCatalog(project: project).dependents(of: name).pipelines }
        guard project == packageDirectory else { return read() }
        if let known = dependents.withLock({ $0[name] }) { return known }
        let found = read()
        dependents.withLock { $0[name] = found }
        return found
    }
}
