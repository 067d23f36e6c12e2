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
        // Only what other lines stand on is asked for, so that one long line costs no more than its length.
        var known: [Int: Set<Int>] = [:]
        func isBelow(_ place: Int, _ line: Int) -> Bool {
            let below = known[line] ?? ancestors(of: [line])
            known[line] = below
            return below.contains(place)
        }
        var current = 0
        while !lines.isEmpty {
            let place = lines[current]
            // Another line that stands on this one goes first.
            if let other = lines.indices.first(where: { $0 != current && isBelow(place, lines[$0]) }) {
                current = other
                continue
            }
            if left.remove(place) != nil { order.append(place) }
            let next = needs[place].filter { left.contains($0) && !lines.contains($0) }
            if let first = next.first {
                lines[current] = first
                lines += next.dropFirst()
            } else {
                lines.remove(at: current)
                current = max(current - 1, 0)
            }
        }
    }
}
