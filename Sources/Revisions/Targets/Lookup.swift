/// Who is meant by a name.
extension RevisionGraph {
    /// The revision of a name, or the only one whose name, or label, begins so; on a branch, where one is named.
    func place(of name: String, on branch: String? = nil) throws(TargetError) -> Int {
        let root: Int? = if let branch { try branchPlace(branch) } else { nil }
        let place = if let exact = places[name] { exact } else { try completed(name, on: root) }
        if let root, let branch, !sharesLineage(place, with: [root]) {
            throw .notOnBranch(revisions[place].id, branch: branch)
        }
        return place
    }

    /// The revision that begins a branch: the one with the label, or one that is named itself.
    func branchPlace(_ branch: String) throws(TargetError) -> Int {
        if let place = places[branch] { place } else { try completed(branch, on: nil) }
    }

    private func completed(_ name: String, on root: Int?) throws(TargetError) -> Int {
        // What is as short as this is only ever said in full.
        var found = places.filter { $0.key.utf8.count > 3 && $0.key.hasPrefix(name) }
        if let root { found = found.filter { sharesLineage($0.value, with: [root]) } }
        guard let first = found.first else { throw .unknown(name) }
        guard found.count == 1 else { throw .ambiguous(name, found.keys.sorted()) }
        return first.value
    }

    /// The revisions that a target without steps means; none for the base.
    func places(of symbol: Target.Symbol, on branch: String?) throws(TargetError) -> [Int] {
        switch symbol {
        case .base: return []
        case .head:
            let heads = try heads(on: branch)
            guard heads.count < 2 else { throw .severalHeads(ids(heads)) }
            return heads
        case .heads: return branch == nil ? topPlaces : try heads(on: branch)
        case .name(let name): return [try place(of: name, on: branch)]
        }
    }

    /// The one revision that a target without steps means; nil for the base.
    func onePlace(of symbol: Target.Symbol, on branch: String?) throws(TargetError) -> Int? {
        let found = try places(of: symbol, on: branch)
        guard found.count < 2 else { throw .severalHeads(ids(found)) }
        return found.first
    }

    private func heads(on branch: String?) throws(TargetError) -> [Int] {
        guard let branch, !headPlaces.isEmpty else { return headPlaces }
        let root = try branchPlace(branch)
        return headPlaces.filter { sharesLineage($0, with: [root]) }
    }

    /// The revisions that a word means, as `show` and `edit` take it; steps down are counted from the heads.
    public func find(_ target: Target) throws(TargetError) -> [RevisionID] { ids(try absolutePlaces(of: target)) }

    /// The revisions that a target means when nothing is known of what is applied.
    func absolutePlaces(of target: Target) throws(TargetError) -> [Int] {
        guard let steps = target.steps else { return try places(of: target.symbol ?? .heads, on: target.branch) }
        guard let symbol = target.symbol else {
            guard steps < 0 else { throw .malformed(target.description) }
            var heads = topPlaces
            if let branch = target.branch {
                let root = try branchPlace(branch)
                heads = heads.filter { sharesLineage($0, with: [root]) }
            }
            var found: [Int] = []
            for head in heads {
                guard case .revision(let place) = try stepping(down: -steps, from: head, target) else {
                    throw .tooFar(target.description)
                }
                found.append(place)
            }
            return found.withoutRepetition
        }
        let start = try onePlace(of: symbol, on: target.branch)
        switch steps > 0
            ? try stepping(up: steps, from: start, on: target.branch, target)
            : try stepping(down: -steps, from: start, target)
        {
        case .base: return []
        case .revision(let place): return [place]
        }
    }
}
