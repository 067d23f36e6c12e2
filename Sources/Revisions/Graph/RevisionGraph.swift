/// Revisions and how they stand on each other, whole and checked; it never changes.
///
/// A revision's *parents* are what it revises. What it *needs* are its parents and, unless one of its ancestors depends on
/// them already, its dependencies. Revisions are known by their place in the order given, which also decides which of two
/// that could come next comes first.
public struct RevisionGraph: Sendable {
    /// The revisions in the order given.
    public let revisions: [Revision]

    /// Where a revision, or the one that bears a label, stands.
    let places: [String: Int]
    let parents: [[Int]]
    /// Parents and dependencies, less the dependencies that an ancestor has already.
    let needs: [[Int]]
    let children: [Set<Int>]
    /// Children, and those that depend on the revision.
    let dependents: [Set<Int>]
    /// The labels of the branches that a revision belongs to.
    let carriedLabels: [Set<BranchLabel>]

    /// Builds the graph, or says everything that is in the way.
    public init(_ revisions: [Revision]) throws(GraphProblems) {
        let names = GraphNames(revisions)
        guard names.problems.isEmpty else { throw GraphProblems(all: names.problems) }
        let parents = names.parents
        let stated = zip(parents, names.dependencies).map { ($0 + $1).withoutRepetition }
        if let circle = Circle.find(in: parents) {
            throw GraphProblems(all: [.cycle(circle.map { revisions[$0].id })])
        }
        if let circle = Circle.find(in: stated) {
            throw GraphProblems(all: [.dependencyCycle(circle.map { revisions[$0].id })])
        }
        self.revisions = revisions
        self.parents = parents
        places = names.places
        needs = Self.needs(parents: parents, dependencies: names.dependencies)
        children = Self.reversed(parents)
        dependents = Self.reversed(stated)
        carriedLabels =
            BranchLabels(
                revisions: revisions, parents: parents, children: children, dependents: dependents
            ).carried
    }

    private static func needs(parents: [[Int]], dependencies: [[Int]]) -> [[Int]] {
        parents.indices.map { place in
            var own = dependencies[place]
            if own.isEmpty { return parents[place] }
            for ancestor in Walk.reached(from: parents[place], over: { parents[$0] }) {
                own.removeAll { dependencies[ancestor].contains($0) }
            }
            return (parents[place] + own).withoutRepetition
        }
    }

    private static func reversed(_ edges: [[Int]]) -> [Set<Int>] {
        var reversed = Array(repeating: Set<Int>(), count: edges.count)
        for (place, ends) in edges.enumerated() {
            for end in ends { reversed[end].insert(place) }
        }
        return reversed
    }
}

extension RevisionGraph {
    /// The revision of a name; nil when there is none.
    public func revision(_ id: RevisionID) -> Revision? {
        guard let place = places[id.text], revisions[place].id == id else { return nil }
        return revisions[place]
    }

    /// Revisions that nothing revises.
    public var heads: [RevisionID] { ids(headPlaces) }

    /// Revisions that nothing revises and nothing depends on: what is applied when everything is.
    public var topmost: [RevisionID] { ids(topPlaces) }

    /// Revisions that revise nothing.
    public var bases: [RevisionID] { ids(basePlaces) }

    /// Revisions that several others revise.
    public var branchPoints: [RevisionID] { ids(revisions.indices.filter { children[$0].count > 1 }) }

    /// The revisions that revise one.
    public func children(of id: RevisionID) -> [RevisionID] {
        places[id.text].map { ids(children[$0].sorted()) } ?? []
    }

    /// The labels of the branches that a revision belongs to.
    public func labels(of id: RevisionID) -> [BranchLabel] {
        places[id.text].map { carriedLabels[$0].sorted() } ?? []
    }

    /// What must be there before a revision: its parents, and dependencies that they do not bring along.
    public func needs(of id: RevisionID) -> [RevisionID] {
        places[id.text].map { ids(needs[$0]) } ?? []
    }

    var headPlaces: [Int] { revisions.indices.filter { children[$0].isEmpty } }
    var topPlaces: [Int] { revisions.indices.filter { dependents[$0].isEmpty } }
    var basePlaces: [Int] { revisions.indices.filter { parents[$0].isEmpty } }

    func ids(_ places: some Sequence<Int>) -> [RevisionID] { places.map { revisions[$0].id } }
}
