extension RevisionGraph {
    /// The revisions that an upgrade applies, in order: all that the target needs and that is not applied.
    public func upgrade(to target: Target, from applied: AppliedRevisions) throws(TargetError) -> [RevisionID] {
        let goals = try upgradeGoals(target, applied)
        let steps = ancestors(of: goals).subtracting(applied.places)
        return ids(downward(steps, from: goals).reversed())
    }

    private func upgradeGoals(_ target: Target, _ applied: AppliedRevisions) throws(TargetError) -> [Int] {
        guard let steps = target.steps else { return try places(of: target.symbol ?? .heads, on: target.branch) }
        let reached: SteppedTo
        if let symbol = target.symbol {
            if steps > 0 {
                let start = try onePlace(of: symbol, on: nil)
                reached = try stepping(up: steps, from: start, on: target.branch, target)
            } else {
                reached = try stepping(down: -steps, from: try onePlace(of: symbol, on: target.branch), target)
            }
        } else {
            guard steps > 0 else { throw .wrongDirection(target.description) }
            let start = try upgradeStart(target, applied)
            reached = try stepping(up: steps, from: start, on: target.branch, target)
        }
        // Below everything there is nothing to upgrade to.
        guard case .revision(let place) = reached else { throw .tooFar(target.description) }
        return [place]
    }

    /// The applied revision from which steps up are counted; nil for the base.
    private func upgradeStart(_ target: Target, _ applied: AppliedRevisions) throws(TargetError) -> Int? {
        var starts = tips(of: applied.places)
        if let branch = target.branch, !starts.isEmpty {
            let root = try branchPlace(branch)
            starts = starts.filter { sharesLineage($0, with: [root]) }
            if starts.isEmpty {
                // Nothing on the branch is a tip, but something may be applied because others depend on it.
                let active = applied.places.filter { sharesLineage($0, with: [root]) }
                starts = active.filter { place in !active.contains { needs[$0].contains(place) } }.sorted()
            }
        }
        guard starts.count < 2 else { throw .severalCurrent(ids(starts)) }
        return starts.first
    }
}
