/// Reads which other pipelines must be done before a pipeline can begin.
struct NeedsReader {
    let pipeline: String
    let catalog: PipelineCatalog

    /// The names, none where the key is not there; nil when it leaves a problem.
    func read(_ object: ObjectReader) -> [String]? {
        guard let names = catalog.others("needs", of: object, in: pipeline) else { return nil }
        var visited: Set<String> = []
        if let circle = circle([pipeline], names, visited: &visited) {
            let way = circle.map(quotation).joined(separator: " needs ")
            object.complain(about: "needs", "leads in a circle: \(way)")
            return nil
        }
        return names
    }

    /// Pipelines each of which needs the next, the last being the first; nil when there is no such circle.
    private func circle(_ path: [String], _ needs: [String], visited: inout Set<String>) -> [String]? {
        for need in needs {
            if let start = path.firstIndex(of: need) { return path[start...] + [need] }
            guard visited.insert(need).inserted else { continue }
            if let circle = circle(path + [need], catalog.needs(of: need), visited: &visited) { return circle }
        }
        return nil
    }
}
