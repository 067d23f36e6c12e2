import Ledger
public import Pipelines

/// The stages to do, from what the pipeline says, how far the ledger says it is, and what is wanted. Pure.
public struct Plan: Sendable {
    /// The stages to do, in order. Empty: nothing to do.
    public let steps: [Stage]

    /// Chooses the stages; throws where the goal names what the pipeline does not have.
    public init(_ pipeline: Pipeline, done: Set<String>, goal: Goal) throws(Failure) {
        let wanted = try Self.wanted(in: pipeline, goal: goal)
        let open = wanted.filter { !done.contains($0.name) }
        // Before other work a check is made again, because what it looks at may have changed.
        steps = open.isEmpty ? [] : wanted.filter { $0.isCheck || !done.contains($0.name) }
    }

    /// The stages of a pipeline that a goal includes, done or not.
    public static func wanted(in pipeline: Pipeline, goal: Goal) throws(Failure) -> [Stage] {
        for name in goal.with.union(goal.until.map { [$0] } ?? []).sorted() {
            guard pipeline.stages.contains(where: { $0.name == name }) else {
                throw unknownStage(name, in: pipeline)
            }
        }
        let selected = pipeline.stages.filter { stage in
            !stage.isOptional || goal.with.contains(stage.name) || (goal.all && !stage.isDestructive)
        }
        guard let until = goal.until else { return selected }
        guard let last = selected.firstIndex(where: { $0.name == until }) else {
            throw Failure(
                .usage, "stage \(until) of \(pipeline.name) is optional", next: "ask for it with --with \(until)")
        }
        return Array(selected[...last])
    }

    private static func unknownStage(_ name: String, in pipeline: Pipeline) -> Failure {
        let names = pipeline.stages.map(\.name)
        let hint = nearest(to: name, among: names).map { "did you mean \($0)?" }
        return Failure(
            .usage, "pipeline \(pipeline.name) has no stage \(name)",
            details: ["its stages are \(names.joined(separator: ", "))"], next: hint)
    }
}

extension Pipeline {
    /// How a run stands that nobody works on any more: it is done when every stage that is not optional is.
    func state(whereDone done: Set<String>) -> RunState {
        stages.allSatisfy { $0.isOptional || done.contains($0.name) } ? .done : .stopped
    }
}

extension Stage {
    var isCheck: Bool { if case .check = work { true } else { false } }

    /// Whether it moves nothing.
    var onlyLooks: Bool {
        switch work {
        case .check, .verify: true
        case .sql, .stream, .batch, .constraints, .retire: false
        }
    }
}
