extension RevisionGraph {
    /// A set in the order in which it is taken back: each revision before what it needs. One line of revisions is followed
    /// as far as it goes before the next; lines begin at `tips`, in the order of the graph.
    func downward(_ set: Set<Int>, from tips: some Sequence<Int>) -> [Int] {
        var left = set
        var order: [Int] = []
        var lines = Set(tips).intersection(set).sorted()
        while !left.isEmpty {
            // What no tip leads to begins lines of its own.
            if lines.isEmpty { lines = self.tips(of: left) }
            follow(&lines, &left, &order)
        }
        return order
    }

    private func follow(_ lines: inout [Int], _ left: inout Set<Int>, _ order: inout [Int]) {
        var below = lines.map { ancestors(of: [$0]) }
        var current = 0
        while !lines.isEmpty {
            let place = lines[current]
            // Another line that stands on this one goes first.
            if let other = below.indices.first(where: { $0 != current && below[$0].contains(place) }) {
                current = other
                continue
            }
            if left.remove(place) != nil { order.append(place) }
            let next = needs[place].filter { left.contains($0) && !lines.contains($0) }
            if let first = next.first {
                lines[current] = first
                below[current] = ancestors(of: [first])
                lines += next.dropFirst()
                below += next.dropFirst().map { ancestors(of: [$0]) }
            } else {
                lines.remove(at: current)
                below.remove(at: current)
                current = max(current - 1, 0)
            }
        }
    }
}
