import Engine
import Ledger

/// How a stage stands, in words.
enum StageText {
    /// The state in a word. What was begun is not running where nobody works on it.
    static func state(_ stage: StageSummary, isWorkedOn: Bool) -> (word: String, tone: TonedLine.Tone) {
        switch stage.state {
        case "done": ("done", .good)
        case "running" where isWorkedOn: ("running", .busy)
        // A verification that found something wrong is never done.
        case "running" where stage.hasFoundDifferences: ("differs", .bad)
        case "running": ("begun", .caution)
        default: stage.isOptional ? ("optional", .faint) : (stage.state, .faint)
        }
    }

    /// What it did or is doing, the most interesting first; its kind, where there is nothing to tell.
    static func details(_ stage: StageSummary) -> [TonedLine] {
        if let reason = stage.skipped { return ["nothing to do: \(reason)"] }
        guard let rows = stage.rows else { return ["\(stage.kind, .faint)"] }
        let counts = stage.kind == "verify" ? verdicts(rows) : counts(rows)
        return rows.chunksDone == rows.chunks ? [counts] : [howFar(rows, stage.progress), counts]
    }

    /// How far it is and how it goes.
    private static func howFar(_ rows: StageSummary.Rows, _ progress: StageSummary.Progress?) -> TonedLine {
        let total = rows.total.map { " of " + Quantity.grouped($0) } ?? ""
        var parts: [TonedLine] = ["\(Quantity.grouped(rows.read))\(total) rows"]
        if let percent = Quantity.percent(rows.read, of: rows.total) { parts.append("\(percent)") }
        guard let progress else { return parts.joined(", ") }
        if let rate = progress.rowsPerSecond {
            parts.append("\(Quantity.rate(rate))")
        } else if let seconds = progress.secondsSinceProgress, seconds >= 60 {
            parts.append("\("no chunk done for \(Quantity.duration(seconds))", .caution)")
        }
        if let left = progress.secondsLeft { parts.append("ETA \(Quantity.duration(left))") }
        for retry in progress.retries {
            parts.append("\("\(Quantity.counted(retry.chunks, "chunk")) at attempt \(retry.attempt)", .caution)")
        }
        return parts.joined(", ")
    }

    private static func counts(_ rows: StageSummary.Rows) -> TonedLine {
        var parts = ["\(Quantity.grouped(rows.migrated)) migrated", "\(Quantity.grouped(rows.empty)) empty"]
        parts.append("\(Quantity.grouped(rows.rejected)) rejected")
        if rows.gone > 0 { parts.append("\(Quantity.grouped(rows.gone)) gone meanwhile") }
        let adopted = rows.adopted > 0 ? ", \(Quantity.grouped(rows.adopted)) of them there already" : ""
        let kept = rows.kept > 0 ? ", \(Quantity.grouped(rows.kept)) kept though they differ" : ""
        return """
            \(Quantity.grouped(rows.read)) read: \(parts.joined(separator: " + "))\(adopted)\(kept) \
            -> \(Quantity.counted(rows.targetRows, "row"))\(chunks(rows))
            """
    }

    /// What verifying found.
    private static func verdicts(_ rows: StageSummary.Rows) -> TonedLine {
        func part(_ count: Int64, _ word: String, _ tone: TonedLine.Tone) -> TonedLine {
            "\("\(Quantity.grouped(count)) \(word)", count > 0 ? tone : .plain)"
        }
        var parts = [part(rows.migrated, "equal", .plain), part(rows.empty, "empty", .plain)]
        parts += [part(rows.rejected, "rejected", .plain)]
        if rows.gone > 0 { parts.append(part(rows.gone, "gone meanwhile", .plain)) }
        parts += [part(rows.stale, "stale", .caution), part(rows.wrong, "wrong", .bad)]
        let others = rows.others > 0 ? "; \(Quantity.counted(rows.others, "cover")) set by others" : ""
        return """
            \(Quantity.grouped(rows.read)) read: \(parts.joined(" + ")); \(part(rows.extra, "extra", .bad))\(others)\
            \(chunks(rows))
            """
    }

    private static func chunks(_ rows: StageSummary.Rows) -> String {
        rows.chunksDone < rows.chunks
            ? "; chunk \(Quantity.grouped(rows.chunksDone)) of \(Quantity.grouped(rows.chunks)) done" : ""
    }

    /// What a stage dropped, and where it is.
    static func kept(_ kept: KeptColumns) -> TonedLine {
        let columns = kept.columns.joined(separator: ", ")
        let dropped = "\(kept.stage) dropped \(columns) of \(kept.table) (\(Quantity.counted(kept.rows, "row")))"
        let place: TonedLine =
            kept.relation.map { "kept in the ledger's table \($0)" } ?? "\("without an archive", .caution)"
        return "\(dropped), \(Quantity.moment(kept.at)): \(place)"
    }
}
