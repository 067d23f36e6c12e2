import Engine

/// How a run stands, in lines for people.
enum SummaryText {
    /// The run and its stages, who works on it, and what is open.
    static func lines(_ summary: RunSummary) -> [TonedLine] {
        [heading(summary)] + stages(summary) + summary.workers.map(worker) + open(summary)
    }

    /// The state in a word; a run that says running while nobody works on it was interrupted, unless it lacks nothing.
    static func state(_ summary: RunSummary) -> String {
        if summary.isUndone { return "undone" }
        return summary.isInterrupted ? "interrupted" : summary.hasNoEnd ? "done" : summary.state
    }

    /// The state in words, and which run it is.
    static func heading(_ summary: RunSummary) -> TonedLine {
        let word = state(summary)
        let tone: TonedLine.Tone =
            switch word {
            case "done": .good
            case "running": .busy
            case "stopped", "undone": .caution
            default: .bad
            }
        var facts = ["run \(summary.run) on schema \(summary.schema)", "begun \(Quantity.moment(summary.startedAt))"]
        if let done = summary.finishedAt { facts.append("done \(Quantity.moment(done))") }
        var line: TonedLine = "\(summary.pipeline): \(word, tone)"
        if summary.isAskedToStop { line.append(", \("asked to stop", .caution)") }
        line.append(" (\(facts.joined(separator: ", ")))")
        return line
    }

    /// A line for each stage, and one more for the counts of one that is under way.
    static func stages(_ summary: RunSummary) -> [TonedLine] {
        let names = summary.stages.map { DisplayWidth.columns(of: $0.name) }
        let states = summary.stages.map { StageText.state($0, isWorkedOn: !summary.workers.isEmpty) }
        let nameWidth = names.max() ?? 0
        let stateWidth = states.map(\.word.count).max() ?? 0
        return zip(summary.stages, states).flatMap { stage, state in
            let details = StageText.details(stage)
            let gap = String(repeating: " ", count: stateWidth - state.word.count)
            let name = stage.name + String(repeating: " ", count: nameWidth - DisplayWidth.columns(of: stage.name))
            let indent = String(repeating: " ", count: nameWidth + stateWidth + 6)
            let first: TonedLine = "  \(name)  \(state.word, state.tone)\(gap)  \(details.first ?? "")"
            return [first] + details.dropFirst().map { "\(indent)\($0)" }
        }
    }

    private static func worker(_ worker: RunSummary.Worker) -> TonedLine {
        let hands = worker.workers > 0 ? ", \(Quantity.counted(Int64(worker.workers), "worker"))" : ""
        return """
            at work: process \(worker.pid) on \(worker.host) (\(worker.osUser))\(hands), \
            for \(Quantity.duration(worker.seconds)), since \(Quantity.moment(worker.since))
            """
    }

    /// What is open or accepted, and what was dropped.
    private static func open(_ summary: RunSummary) -> [TonedLine] {
        var lines: [TonedLine] = []
        if summary.openRejects > 0 {
            let words = Quantity.counted(summary.openRejects, "open reject")
            lines.append("\(words, .caution): \(codes(summary.rejectsByCode))")
        }
        let accepted = summary.acceptedByCode.reduce(0) { $0 + $1.count }
        if accepted > 0 {
            lines.append("\(Quantity.counted(accepted, "accepted reject")): \(codes(summary.acceptedByCode))")
        }
        if !summary.unmapped.isEmpty { lines.append(unmapped(summary.unmapped)) }
        return lines + summary.kept.map(StageText.kept)
    }

    private static func codes(_ codes: [(code: String, count: Int64)]) -> String {
        codes.map { "\($0.code) \(Quantity.grouped($0.count))" }.joined(separator: ", ")
    }

    private static func unmapped(_ keys: [UnmappedKey]) -> TonedLine {
        let names = keys.prefix(10).map { key in
            "\(key.name) \(Quantity.grouped(key.count))" + (key.isAccepted ? " (accepted)" : "")
        }
        let more = keys.count > 10 ? ", and \(keys.count - 10) more" : ""
        let tone: TonedLine.Tone = keys.allSatisfy(\.isAccepted) ? .plain : .caution
        return "\("keys that nothing reads (unmapped)", tone): \(names.joined(separator: ", "))\(more)"
    }
}
