/// All revisions of a project: their files, and the graph that they are.
public struct RevisionHistory: Sendable {
    /// How they stand on each other.
    public let graph: RevisionGraph
    private let files: [RevisionID: RevisionFile]

    /// Everything that is wrong with a project's revisions.
    public struct Problems: Error, Sendable {
        /// What is wrong, a sentence each.
        public let sentences: [String]
    }

    /// Puts files together, in the order of their paths.
    public init(_ files: [RevisionFile]) throws(Problems) {
        let sorted = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        do throws(GraphProblems) {
            graph = try RevisionGraph(sorted.map(\.revision))
        } catch {
            throw Problems(
                sentences: error.all.map { problem in
                    let paths = sorted.filter { problem.concerned.contains($0.revision.id) }.map(\.path)
                    return "\(problem) (\(paths.joined(separator: ", ")))"
                })
        }
        self.files = Dictionary(sorted.map { ($0.revision.id, $0) }) { first, _ in first }
    }

    /// The file of a revision.
    public func file(_ id: RevisionID) -> RevisionFile? { files[id] }
}

extension GraphProblem {
    /// The revisions whose files are to be looked at.
    var concerned: [RevisionID] {
        switch self {
        case .repeated(let id), .missingParent(_, let id), .missingDependency(_, let id): [id]
        case .labelInUse(_, let id, let other): [id, other]
        case .cycle(let circle), .dependencyCycle(let circle): circle
        }
    }
}
