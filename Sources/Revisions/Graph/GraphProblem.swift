/// Something that keeps revisions from being a graph.
public enum GraphProblem: Error, Sendable, Equatable {
    /// Several revisions have this name.
    case repeated(RevisionID)
    /// A revision revises one that is not there.
    case missingParent(RevisionID, of: RevisionID)
    /// A revision depends on something that is neither a revision nor a label.
    case missingDependency(String, of: RevisionID)
    /// A label is the name of another revision, or the label of one.
    case labelInUse(BranchLabel, of: RevisionID, by: RevisionID)
    /// Revisions that revise each other in a circle, each the next one's child.
    case cycle([RevisionID])
    /// A circle that closes over dependencies.
    case dependencyCycle([RevisionID])
}

/// Everything that keeps revisions from being a graph.
public struct GraphProblems: Error, Sendable, Equatable {
    /// The problems: at least one.
    public let all: [GraphProblem]

    /// Collects problems, of which there must be one.
    public init(all: [GraphProblem]) {
        self.all = all
    }
}

extension GraphProblem: CustomStringConvertible {
    /// The problem as a sentence.
    public var description: String {
        switch self {
        case .repeated(let id): "revision \(id) is there more than once"
        case .missingParent(let parent, let id): "revision \(id) revises \(parent), which is not there"
        case .missingDependency(let name, let id):
            "revision \(id) depends on \(name), which is neither a revision nor a label"
        case .labelInUse(let label, let id, let other):
            "revision \(id) has the label \(label), which belongs to revision \(other)"
        case .cycle(let circle): "revisions revise each other in a circle: \(Self.drawn(circle))"
        case .dependencyCycle(let circle): "revisions depend on each other in a circle: \(Self.drawn(circle))"
        }
    }

    private static func drawn(_ circle: [RevisionID]) -> String {
        (circle + circle.prefix(1)).map(\.text).joined(separator: " -> ")
    }
}
