/// Where a number of steps leads: a revision, or what is below all of them.
enum SteppedTo: Equatable {
    case base
    case revision(Int)
}

extension RevisionGraph {
    /// So many steps up; from nil, the base, the first leads to the revisions that revise nothing.
    func stepping(
        up steps: Int, from start: Int?, on branch: String?, _ target: Target
    ) throws(TargetError) -> SteppedTo {
        let root: Int? = if let branch { try branchPlace(branch) } else { nil }
        var place = start
        for _ in 0..<steps {
            var ways = place.map { children[$0].sorted() } ?? basePlaces
            if let root { ways = ways.filter { sharesLineage($0, with: [root]) } }
            guard ways.count < 2 else { throw .severalWays(ids(ways)) }
            guard let way = ways.first else { throw .tooFar(target.description) }
            place = way
        }
        return place.map(SteppedTo.revision) ?? .base
    }

    /// So many steps down over parents; the last leads from a revision that revises nothing to the base. From nil, which is
    /// no revision, the first step leads to the head.
    func stepping(
        down steps: Int, from start: Int?, stopsAtBase: Bool = false, _ target: Target
    ) throws(TargetError) -> SteppedTo {
        var reached = start.map(SteppedTo.revision)
        for _ in 0..<steps {
            let ways: [Int]
            switch reached {
            case nil: ways = headPlaces
            case .base:
                if stopsAtBase { return .base }
                throw .tooFar(target.description)
            case .revision(let place): ways = parents[place]
            }
            guard ways.count < 2 else { throw .severalWays(ids(ways)) }
            reached = ways.first.map(SteppedTo.revision) ?? .base
        }
        return reached ?? .base
    }
}
