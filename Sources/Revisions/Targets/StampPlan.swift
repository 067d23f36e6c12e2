extension RevisionGraph {
    /// What counts as applied after a stamp. What is current and on the line of a target gives way to it; the rest stays.
    public func stamp(to targets: [Target], from applied: AppliedRevisions) throws(TargetError) -> AppliedRevisions {
        let current = tips(of: applied.places)
        var goals: Set<Int> = []
        var leaving: Set<Int> = []
        for target in targets {
            let found = try absolutePlaces(of: target)
            goals.formUnion(found)
            var line = found
            if let branch = target.branch { line.append(try branchPlace(branch)) }
            // The base alone is below everything.
            let yielding =
                line.isEmpty ? current : current.filter { sharesLineage($0, with: line, withDependencies: true) }
            // What is current already displaces nothing, and neither does what begins a line of its own.
            let displaces =
                found.isEmpty
                || found.contains { place in
                    !yielding.contains(place) && sharesLineage(place, with: yielding, withDependencies: true)
                }
            if displaces { leaving.formUnion(yielding) }
        }
        return AppliedRevisions(places: ancestors(of: Set(current).subtracting(leaving).union(goals)))
    }
}
