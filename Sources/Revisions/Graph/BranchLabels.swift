/// Which labels a revision carries: those of its ancestors, and, where the labelled revision is part of a plain line, those
/// of what follows on that line.
struct BranchLabels {
    private(set) var carried: [Set<BranchLabel>]

    init(revisions: [Revision], parents: [[Int]], children: [Set<Int>], dependents: [Set<Int>]) {
        carried = revisions.map { Set($0.labels) }
        for (place, revision) in revisions.enumerated() where !revision.labels.isEmpty {
            for descendant in Walk.reached(from: [place], over: { children[$0] }) {
                carried[descendant].formUnion(revision.labels)
            }
            // The end of the line that begins here, unless it parts or is joined on the way.
            var end = place
            while dependents[end].count == 1, let next = children[end].first, parents[next].count == 1 { end = next }
            guard children[end].isEmpty else { continue }
            var below: Int? = end
            while let place = below, dependents[place].count < 2, parents[place].count < 2 {
                carried[place].formUnion(revision.labels)
                below = parents[place].first
            }
        }
    }
}
