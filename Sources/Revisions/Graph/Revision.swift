/// A revision as the graph knows it: its name, and what it stands on.
public struct Revision: Sendable, Equatable {
    /// Its name.
    public let id: RevisionID
    /// The revisions that it revises: none for a base, several for a merge.
    public let parents: [RevisionID]
    /// Revisions or labels that must be there before it without being its parents.
    public let dependencies: [String]
    /// The names of the branch that begins with it.
    public let labels: [BranchLabel]

    /// Describes a revision; what is named twice counts once.
    public init(
        _ id: RevisionID, parents: [RevisionID] = [], dependencies: [String] = [], labels: [BranchLabel] = []
    ) {
        self.id = id
        self.parents = parents.withoutRepetition
        self.dependencies = dependencies.withoutRepetition
        self.labels = labels.withoutRepetition
    }
}

extension Array where Element: Hashable {
    /// The elements in order, each where it comes first.
    var withoutRepetition: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
