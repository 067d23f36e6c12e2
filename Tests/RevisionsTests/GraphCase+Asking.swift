import Revisions
import Support

extension GraphCase {
    /// Chooses what is applied, and asks about all that there is to ask.
    mutating func ask(about graph: RevisionGraph, _ random: inout SeededNumbers) {
        let some = graph.revisions.map(\.id).filter { _ in random.chance(25) }
        if let applied = try? graph.applied(upTo: some) { heads = graph.currentTips(applied).map(\.text) }
        asks = [Ask(kind: "current", target: ""), Ask(kind: "heads", target: ""), Ask(kind: "branches", target: "")]
        asks += revisions.map { Ask(kind: "labels", target: $0.id) }
        asks.append(Ask(kind: "history", target: ":"))
        for _ in 0..<6 {
            asks.append(Ask(kind: "upgrade", target: target(&random)))
            asks.append(Ask(kind: "downgrade", target: target(&random)))
        }
        for _ in 0..<2 {
            asks.append(Ask(kind: "stamp", target: absolute(&random)))
            asks.append(Ask(kind: "show", target: absolute(&random)))
            let upper = random.one(of: [absolute(&random), "", "current"])
            asks.append(Ask(kind: "history", target: lowerEnd(&random) + ":" + upper))
        }
        asks.append(Ask(kind: "upgrade", target: "heads"))
        asks.append(Ask(kind: "downgrade", target: "base"))
    }

    /// A target of any form, most of which lead somewhere.
    private func target(_ random: inout SeededNumbers) -> String {
        let steps = random.one(of: ["+", "-"]) + String(1 + random.below(3))
        switch random.below(6) {
        case 0: return steps
        case 1: return random.one(of: revisions).id + steps
        case 2: return branch(&random) + "@" + steps
        case 3: return random.chance(50) ? random.one(of: ["base", "head", "heads"]) + steps : name(&random) + steps
        default: return absolute(&random)
        }
    }

    private func absolute(_ random: inout SeededNumbers) -> String {
        switch random.below(8) {
        case 0: "head"
        case 1: "heads"
        case 2: "base"
        case 3: branch(&random) + "@" + random.one(of: ["head", "heads", "base"])
        case 4: branch(&random) + "@" + name(&random)
        default: name(&random)
        }
    }

    /// Alembic understands a branch in a lower end only where its label is said in full.
    private func lowerEnd(_ random: inout SeededNumbers) -> String {
        let end = absolute(&random)
        let isBranch = end.contains("@") && !revisions.flatMap(\.labels).contains { end.hasPrefix($0 + "@") }
        return isBranch ? random.one(of: ["", "current"]) : end
    }

    private func branch(_ random: inout SeededNumbers) -> String {
        let labels = revisions.flatMap(\.labels)
        return labels.isEmpty || random.chance(15) ? name(&random) : random.one(of: labels)
    }

    private func name(_ random: inout SeededNumbers) -> String {
        switch random.below(12) {
        case 0: return "nobody"
        case 1: return revisions.flatMap(\.labels).first ?? "label0"
        case 2, 3: return String(random.one(of: revisions).id.prefix(1 + random.below(5)))
        default: return random.one(of: revisions).id
        }
    }
}
