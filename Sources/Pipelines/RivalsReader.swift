/// Reads which other pipelines fill the same tables in another way.
struct RivalsReader {
    let pipeline: String
    let catalog: PipelineCatalog

    /// Their names, whether the file says so or theirs do; nil when it leaves a problem.
    func read(_ object: ObjectReader) -> [String]? {
        guard let named = catalog.others("instead_of", of: object, in: pipeline) else { return nil }
        let naming = ((try? catalog.names()) ?? []).filter { catalog.replaced(by: $0).contains(pipeline) }
        return named + naming.filter { $0 != pipeline && !named.contains($0) }
    }
}

extension PipelineCatalog {
    /// The other pipelines of the project that a key of a pipeline's file names, none where the key is not there; nil when
    /// it leaves a problem.
    func others(_ key: String, of object: ObjectReader, in pipeline: String) -> [String]? {
        guard object.has(key) else { return [] }
        guard let names = object.strings(key) else { return nil }
        let others = ((try? self.names()) ?? []).filter { $0 != pipeline }
        let strangers = names.filter { !others.contains($0) }
        for name in strangers {
            if name == pipeline {
                object.complain(about: key, "names this pipeline itself")
            } else {
                let hint = hint(for: name, among: others)
                object.complain(about: key, "names \(quotation(name)), which is no pipeline here; \(hint)")
            }
        }
        return strangers.isEmpty ? names : nil
    }
}
