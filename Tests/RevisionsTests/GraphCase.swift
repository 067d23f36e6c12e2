import Revisions
import Support

/// A graph, what of it is applied, and what is asked about it.
struct GraphCase: Encodable, CustomStringConvertible {
    struct Node: Encodable {
        var id: String
        var parents: [String]
        var dependencies: [String]
        var labels: [String]

        mutating func dropRepetition() {
            parents = parents.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
            dependencies = dependencies.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }

        /// The same as a revision; the names are chosen so that each can be one.
        var revision: Revision? {
            guard let id = RevisionID(id) else { return nil }
            return Revision(
                id, parents: parents.compactMap { RevisionID($0) }, dependencies: dependencies,
                labels: labels.compactMap { BranchLabel($0) })
        }
    }

    struct Ask: Encodable {
        var kind: String
        var target: String
    }

    var seed: UInt64
    var revisions: [Node]
    /// The tips of what is applied.
    var heads: [String]
    var asks: [Ask]

    var description: String {
        let nodes = revisions.map {
            "\($0.id)(\(($0.parents + $0.dependencies.map { "dep " + $0 } + $0.labels.map { "@" + $0 }).joined(separator: " ")))"
        }
        return "seed \(seed): \(nodes.joined(separator: " ")); applied up to \(heads)"
    }

    /// The graph; throws what is wrong with it.
    func graph() throws(GraphProblems) -> RevisionGraph { try RevisionGraph(revisions.compactMap(\.revision)) }
}

extension GraphCase {
    /// The graph that a seed gives: with branches, merges, labels and dependencies, and now and then a fault.
    init(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let count = 1 + random.below(12)
        var nodes: [Node] = []
        for number in 0..<count {
            var node = Node(id: Self.name(&random, number), parents: [], dependencies: [], labels: [])
            let earlier = nodes.map(\.id)
            if !earlier.isEmpty, !random.chance(12) {
                // Mostly the newest, so that lines become long.
                node.parents = [random.chance(60) ? earlier[earlier.count - 1] : random.one(of: earlier)]
                if random.chance(15) { node.parents.append(random.one(of: earlier)) }
                if random.chance(5) { node.parents.append(random.one(of: earlier)) }
            }
            if !earlier.isEmpty, random.chance(20) {
                node.dependencies = [random.one(of: earlier)]
                if random.chance(20) { node.dependencies.append(random.one(of: earlier)) }
                let labels = nodes.flatMap(\.labels)
                if !labels.isEmpty, random.chance(30) { node.dependencies = [random.one(of: labels)] }
            }
            if random.chance(15) { node.labels = ["label\(number)"] }
            if random.chance(3) { node.labels.append("lab\(number)") }
            nodes.append(node)
        }
        if random.chance(8) { Self.damage(&nodes, &random) }
        for index in nodes.indices { nodes[index].dropRepetition() }
        if random.chance(40) { nodes.sort { $0.id < $1.id } }
        self.seed = seed
        revisions = nodes
        heads = []
        asks = []
        if let graph = try? graph() { ask(about: graph, &random) }
    }

    private static func name(_ random: inout SeededNumbers, _ number: Int) -> String {
        // Some begin alike, some are too short to be completed.
        let start = random.one(of: ["a1", "a1b", "f", "0c3d", "12", "q_"])
        return start + String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number)))
            + String(random.below(1 << random.one(of: [2, 8, 20])), radix: 16)
    }

    private static func damage(_ nodes: inout [Node], _ random: inout SeededNumbers) {
        let victim = random.below(nodes.count)
        let other = random.below(nodes.count)
        switch random.below(6) {
        case 0: nodes[victim].parents.append("nobody")
        case 1: nodes[victim].dependencies = ["nobody"]
        case 2: nodes[victim].parents.append(nodes[other].id)
        case 3: nodes[victim].dependencies.append(nodes[other].id)
        case 4: nodes[victim].labels.append(nodes[other].id)
        default: nodes.append(nodes[victim])
        }
    }
}
