/// Whether a stage runs only when asked for, and whether it destroys data.
struct StageFlags {
    let isOptional: Bool
    let isDestructive: Bool

    /// Nil when one of them leaves a problem.
    init?(_ stage: ObjectReader) {
        let isOptional = stage.flag("optional")
        let isDestructive = stage.flag("destructive")
        guard let isOptional, let isDestructive else { return nil }
        self.isOptional = isOptional
        self.isDestructive = isDestructive
    }

    /// Leaves a problem where they do not go together, or not with the kind, which is nil when it is not known.
    func check(_ stage: ObjectReader, kind: StageKind?) {
        switch kind {
        case .retire:
            guard !isOptional || !isDestructive else { return }
            stage.complain("drops columns, so it must have \"optional\": true and \"destructive\": true")
        case .check where isDestructive, .verify where isDestructive:
            stage.complain(about: "destructive", "cannot be true: a \(kind?.rawValue ?? "") stage changes nothing")
        default:
            guard isDestructive, !isOptional else { return }
            stage.complain(about: "destructive", "needs \"optional\": true, so that it never runs unasked")
        }
    }
}
