/// Going along edges.
enum Walk {
    /// Every place that can be reached, the beginnings included.
    static func reached(from starts: some Sequence<Int>, over edges: (Int) -> some Sequence<Int>) -> Set<Int> {
        var seen: Set<Int> = []
        var open = Array(starts)
        while let place = open.popLast() {
            if seen.insert(place).inserted { open += edges(place) }
        }
        return seen
    }
}

/// Edges that lead back to where they began.
enum Circle {
    /// The first circle, each place leading to the next and the last to the first; nil when there is none.
    static func find(in edges: [[Int]]) -> [Int]? {
        var done: Set<Int> = []
        for start in edges.indices where !done.contains(start) {
            // A path with the edges that were not followed yet at each of its places: deep graphs need no deep stack.
            var path = [start]
            var open = [edges[start][...]]
            while let place = path.last {
                guard let next = open[open.count - 1].popFirst() else {
                    done.insert(place)
                    path.removeLast()
                    open.removeLast()
                    continue
                }
                if let first = path.firstIndex(of: next) { return Array(path[first...]) }
                if done.contains(next) { continue }
                path.append(next)
                open.append(edges[next][...])
            }
        }
        return nil
    }
}

extension RevisionGraph {
    /// Revisions and all that they stand on: over parents alone, or also over dependencies.
    func ancestors(of places: some Sequence<Int>, withDependencies: Bool = true) -> Set<Int> {
        Walk.reached(from: places) { withDependencies ? needs[$0] : parents[$0] }
    }

    /// Revisions and all that stand on them.
    func descendants(of places: some Sequence<Int>, withDependencies: Bool = true) -> Set<Int> {
        Walk.reached(from: places) { withDependencies ? dependents[$0] : children[$0] }
    }

    /// Whether one of `others` is an ancestor or a descendant of the revision, or the revision itself.
    func sharesLineage(_ place: Int, with others: some Sequence<Int>, withDependencies: Bool = false) -> Bool {
        let line = ancestors(of: [place], withDependencies: withDependencies)
            .union(descendants(of: [place], withDependencies: withDependencies))
        return others.contains { line.contains($0) }
    }

    /// Those of a set that no other one of it stands on.
    func tips(of set: Set<Int>) -> [Int] {
        set.filter { dependents[$0].isDisjoint(with: set) }.sorted()
    }
}
