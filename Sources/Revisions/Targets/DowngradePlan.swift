extension RevisionGraph {
    /// The applied revisions that a downgrade takes back, in order: those above the target, with all that stands on them.
    public func downgrade(to target: Target, from applied: AppliedRevisions) throws(TargetError) -> [RevisionID] {
        let current = tips(of: applied.places)
        let goal = try downgradeGoal(target, applied, current)
        var roots = goal.place.map { children[$0].sorted() } ?? basePlaces
        if let branch = goal.branch, roots.count > 1 {
            let line = ancestors(of: [branch], withDependencies: false)
            roots = roots.filter(line.contains)
            if roots.isEmpty { throw .notBelow(target.description) }
        }
        let steps = descendants(of: roots).intersection(applied.places)
        if let place = goal.place, steps.isEmpty, !current.contains(place) { throw .notBelow(target.description) }
        return ids(downward(steps, from: current))
    }

    /// Where a downgrade ends, and the branch that alone it takes back where the way parts.
    private struct Goal {
        /// Nil for the base.
        let place: Int?
        var branch: Int?
    }

    private func downgradeGoal(
        _ target: Target, _ applied: AppliedRevisions, _ current: [Int]
    ) throws(TargetError) -> Goal {
        var branch: Int? = if let label = target.branch { try branchPlace(label) } else { nil }
        guard let steps = target.steps else {
            return Goal(place: try onePlace(of: target.symbol ?? .base, on: nil), branch: branch)
        }
        let reached: SteppedTo
        if let symbol = target.symbol {
            reached =
                steps < 0
                ? try stepping(down: -steps, from: try onePlace(of: symbol, on: target.branch), target)
                : try stepping(up: steps, from: try onePlace(of: symbol, on: nil), on: target.branch, target)
        } else {
            guard steps < 0 else { throw .wrongDirection(target.description) }
            guard let start = try downgradeStart(branch, applied, current) else { throw .tooFar(target.description) }
            branch = branch ?? start
            reached = try stepping(down: -steps, from: start, target)
        }
        switch reached {
        case .base: return Goal(place: nil, branch: branch)
        case .revision(let place): return Goal(place: place, branch: branch)
        }
    }

    /// The applied revision from which steps down are counted.
    private func downgradeStart(
        _ branch: Int?, _ applied: AppliedRevisions, _ current: [Int]
    ) throws(TargetError) -> Int? {
        var starts = current
        if let branch {
            starts = current.filter { sharesLineage($0, with: [branch]) }
            if starts.isEmpty {
                // What is on the branch may be hidden under what depends on it.
                starts = applied.places.filter { children[$0].isDisjoint(with: applied.places) }
                    .filter { sharesLineage($0, with: [branch]) }.sorted()
            }
        }
        guard starts.count < 2 else { throw .severalCurrent(ids(starts)) }
        return starts.first
    }
}
