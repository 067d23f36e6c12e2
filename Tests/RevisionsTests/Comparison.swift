import Revisions

/// One question, answered by us and compared with Alembic's answer.
struct Comparison {
    enum Outcome {
        case same(String)
        case different(String)
    }

    let graph: RevisionGraph
    let heads: [String]
    let ask: GraphCase.Ask
    /// Whether Alembic always gives the steps in the same order.
    let isOrdered: Bool

    func outcome(_ theirs: Alembic.Answer) -> Outcome {
        let ours: (steps: [String]?, heads: [String]?)
        do throws(TargetError) {
            ours = try answer()
        } catch {
            if isUnknownBranch(error) { return .same("refused for its branch") }
            guard let kind = theirs.error else {
                return .different("refused (\(error)); Alembic: \(theirs.steps ?? theirs.heads ?? [])")
            }
            // Where it stumbles, over itself or over heads that depend on each other, there may be another reason, too.
            return [error.kind, "crash", "overlap"].contains(kind)
                ? .same("refused") : .different("refused (\(error)); Alembic: \(kind), \(theirs.text ?? "")")
        }
        if let error = theirs.error {
            // It stumbles over itself, or over heads of which one depends on the other.
            if ["crash", "overlap"].contains(error), isSound(ours.steps) {
                return .same("done where Alembic stumbles")
            }
            // It settles the name once more without the branch.
            if error == "resolution", ask.kind == "stamp", ask.target.contains("@") { return .same("done on a branch") }
            return .different("\(ours.steps ?? ours.heads ?? []); Alembic: \(error), \(theirs.text ?? "")")
        }
        if let steps = ours.steps, let expected = theirs.steps, !isSame(steps, expected) {
            return .different("steps \(steps); Alembic: \(expected)")
        }
        if let heads = ours.heads, let expected = theirs.heads, all(heads) != all(expected) {
            // Of several goals Alembic forgets those that are current already.
            if ask.kind == "stamp", ask.target.hasSuffix("heads"), isReached(by: heads) {
                return .same("done where Alembic forgets")
            }
            return .different("ends at \(heads); Alembic: \(expected)")
        }
        return .same("done")
    }

    /// Whether everything that the target means is applied.
    private func isReached(by heads: [String]) -> Bool {
        guard let applied = all(heads), let goals = try? graph.find(Target(ask.target)) else { return false }
        return goals.count > 1 && goals.allSatisfy { graph.contains($0, in: applied) }
    }

    /// All that is applied: Alembic leaves heads now and then of which one stands on the other.
    private func all(_ heads: [String]) -> AppliedRevisions? {
        try? graph.applied(upTo: heads.compactMap { RevisionID($0) })
    }

    /// Where the way does not part Alembic doesn't look who the branch is.
    private func isUnknownBranch(_ error: TargetError) -> Bool {
        switch error {
        case .unknown(let name), .ambiguous(let name, _): ask.target.contains(name + "@")
        default: false
        }
    }

    private func isSame(_ steps: [String], _ expected: [String]) -> Bool {
        if steps == expected { return true }
        return !isOrdered && steps.sorted() == expected.sorted() && isSound(steps)
    }

    /// Whether an upgrade applies nothing before what it needs, and a downgrade takes nothing back that is needed.
    private func isSound(_ steps: [String]?) -> Bool {
        guard let ids = steps?.compactMap({ RevisionID($0) }), ["upgrade", "downgrade"].contains(ask.kind),
            let start = try? graph.applied(upTo: heads.compactMap { RevisionID($0) })
        else { return true }
        var applied = Set(graph.order(start))
        for id in ids {
            if ask.kind == "upgrade" { applied.insert(id) } else { applied.remove(id) }
            if (try? graph.applied(applied)) == nil { return false }
        }
        return true
    }

    private func answer() throws(TargetError) -> (steps: [String]?, heads: [String]?) {
        let applied = try graph.applied(upTo: heads.compactMap { RevisionID($0) })
        switch ask.kind {
        case "upgrade":
            let steps = try graph.upgrade(to: try Target(ask.target), from: applied)
            return (texts(steps), try tips(Set(graph.order(applied)).union(steps)))
        case "downgrade":
            let steps = try graph.downgrade(to: try Target(ask.target), from: applied)
            return (texts(steps), try tips(Set(graph.order(applied)).subtracting(steps)))
        case "stamp":
            return (nil, texts(graph.currentTips(try graph.stamp(to: [try Target(ask.target)], from: applied))))
        case "show": return (texts(try graph.find(try Target(ask.target))).sorted(), nil)
        case "history": return (texts(try history(applied)), nil)
        case "current": return (texts(graph.current(applied)).sorted(), nil)
        case "heads": return (texts(graph.heads), texts(graph.topmost))
        case "branches": return (texts(graph.branchPoints).sorted(), nil)
        default: return (RevisionID(ask.target).map { graph.labels(of: $0).map(\.text) }, nil)
        }
    }

    private func history(_ applied: AppliedRevisions) throws(TargetError) -> [RevisionID] {
        let ends = ask.target.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let lower: Target? = ["", "current"].contains(ends[0]) ? nil : try Target(ends[0])
        let upper: Target? = ["", "current"].contains(ends[1]) ? nil : try Target(ends[1])
        switch (ends[0] == "current", ends[1] == "current") {
        case (false, false): return try graph.history(TargetRange(from: lower, to: upper))
        case (false, true): return try graph.history(from: lower, to: applied)
        case (true, false): return try graph.history(from: applied, to: upper)
        case (true, true): return graph.currentTips(applied)
        }
    }

    private func tips(_ ids: Set<RevisionID>) throws(TargetError) -> [String] {
        texts(graph.currentTips(try graph.applied(ids)))
    }

    private func texts(_ ids: [RevisionID]) -> [String] { ids.map(\.text) }
}

extension TargetError {
    /// The kind of the error as the driver of Alembic names it.
    var kind: String {
        switch self {
        case .malformed, .unknown, .ambiguous, .notOnBranch, .lost, .gap: "resolution"
        case .severalHeads: "heads"
        case .severalCurrent, .severalWays, .tooFar, .wrongDirection: "steps"
        case .notBelow, .notInLine: "range"
        }
    }
}
