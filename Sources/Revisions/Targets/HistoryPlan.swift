extension RevisionGraph {
    /// The revisions of a range, both ends included, each before what it needs; steps in the lower end are counted down
    /// from the upper one.
    public func history(_ range: TargetRange) throws(TargetError) -> [RevisionID] {
        let upper: [Int] = if let target = range.upper { try absolutePlaces(of: target) } else { topPlaces }
        return try history(from: range.lower, to: upper)
    }

    /// The revisions from a target up to what is applied.
    public func history(from lower: Target?, to applied: AppliedRevisions) throws(TargetError) -> [RevisionID] {
        try history(from: lower, to: tips(of: applied.places))
    }

    /// The revisions from what is applied up to a target.
    public func history(from applied: AppliedRevisions, to upper: Target?) throws(TargetError) -> [RevisionID] {
        let upper: [Int] = if let target = upper { try absolutePlaces(of: target) } else { topPlaces }
        return try history(above: tips(of: applied.places), upTo: upper)
    }

    private func history(from target: Target?, to upper: [Int]) throws(TargetError) -> [RevisionID] {
        guard let target else { return try history(above: [], upTo: upper) }
        guard let steps = target.steps, target.symbol == nil else {
            var upper = upper
            if let branch = target.branch {
                let root = try branchPlace(branch)
                let label = BranchLabel(branch).flatMap { revisions[root].labels.contains($0) ? $0 : nil }
                let descendants = descendants(of: [root], withDependencies: false)
                upper = upper.filter { place in
                    label.map { carriedLabels[place].contains($0) } ?? descendants.contains(place)
                }
            }
            return try history(above: try absolutePlaces(of: target), upTo: upper)
        }
        guard steps < 0 else { throw .wrongDirection(target.description) }
        guard upper.count < 2 else { throw .severalWays(ids(upper)) }
        let reached = try stepping(down: -steps, from: upper.first, stopsAtBase: true, target)
        if case .revision(let place) = reached { return try history(above: [place], upTo: upper) }
        return try history(above: [], upTo: upper)
    }

    private func history(above lower: [Int], upTo upper: [Int]) throws(TargetError) -> [RevisionID] {
        let all = ancestors(of: upper)
        guard lower.allSatisfy(all.contains) else { throw .notInLine }
        var shown = all.subtracting(ancestors(of: lower)).union(lower)
        if !lower.isEmpty { shown.formIntersection(descendants(of: lower, withDependencies: false)) }
        return ids(downward(shown, from: upper))
    }
}
