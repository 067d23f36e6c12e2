/// The stages before one, to which it may refer by name.
struct EarlierStages {
    let stages: [Stage]
    /// The lines of their names, with those of stages that could not be read.
    let lines: [String: Int]

    /// The stage that a key names, which must be of one of these kinds; nil when it, or the stage itself, leaves a
    /// problem.
    func stage(_ key: String, of object: ObjectReader, kinds: [StageKind]) -> Stage? {
        guard let name = object.string(key) else { return nil }
        let kinds = kinds.map(\.rawValue)
        guard let stage = stages.first(where: { $0.name == name }) else {
            if lines[name] == nil {
                let hint = hint(for: name, among: stages.filter { kinds.contains($0.work.kind) }.map(\.name))
                object.complain(about: key, "names \(quotation(name)), which is no stage before this one; \(hint)")
            }
            return nil
        }
        guard kinds.contains(stage.work.kind) else {
            let needed = kinds.joined(separator: " or ")
            object.complain(
                about: key, "names \(quotation(name)), a \(stage.work.kind) stage; it must be a \(needed) stage")
            return nil
        }
        return stage
    }
}
