import Engine
import JSON

/// What a verification found, in lines for people and as an object for programs.
enum VerifyText {
    /// The counts of each stage, the first differences, and where the answer comes from.
    static func lines(_ result: VerifyResult) -> [String] {
        var lines: [String] = []
        for stage in result.stages {
            lines.append("\(result.summary.pipeline), \(stage.name): \(counts(stage.verdict))")
        }
        for difference in result.differences { lines += difference.lines.map { "  " + $0 } }
        let told = result.differences.count
        let all = result.stages.reduce(0) { $0 + $1.verdict.wrong + $1.verdict.extra }
        if all > told, told > 0 { lines.append("  (the first \(told) of them)") }
        lines += basis(result.basis)
        return lines.map(Printable.escaped)
    }

    private static func counts(_ verdict: Verdict) -> String {
        var parts = ["\(Quantity.grouped(verdict.equal)) equal"]
        if verdict.empty > 0 { parts.append("\(Quantity.grouped(verdict.empty)) empty") }
        if verdict.rejected > 0 { parts.append("\(Quantity.grouped(verdict.rejected)) rejected") }
        parts.append("\(Quantity.grouped(verdict.wrong)) wrong")
        if verdict.stale > 0 {
            parts.append(
                "\(Quantity.grouped(verdict.stale)) changed since they were migrated (catch-up brings them over)")
        }
        let read = "\(Quantity.grouped(verdict.read)) read: \(parts.joined(separator: " + "))"
        let extra = "; \(Quantity.counted(verdict.extra, "row")) that nothing gives"
        let others = verdict.others > 0 ? "; \(Quantity.counted(verdict.others, "cover")) set by others" : ""
        return read + extra + others
    }

    private static func basis(_ basis: VerifyResult.Basis) -> [String] {
        switch basis {
        case .comparedAndStored: []
        case .comparedOnly: ["this role may not write to the ledger: the verdict was not stored"]
        case .stored(let archives):
            ["columns were dropped since: this is the verdict that was stored before"] + archives
        }
    }

    /// The same for programs.
    static func json(_ result: VerifyResult, _ code: ExitCode, next: String?) -> JSONValue {
        let basis =
            switch result.basis {
            case .comparedAndStored: "compared"
            case .comparedOnly: "compared-not-stored"
            case .stored: "stored"
            }
        let archives: [String] = if case .stored(let archives) = result.basis { archives } else { [] }
        return .object([
            ("event", .string("ended")), ("code", .int(Int64(code.rawValue))), ("name", .string(code.name)),
            ("passed", .bool(result.hasPassed)), ("basis", .string(basis)),
            ("archives", .array(archives.map(JSONValue.string))),
            ("stages", .array(result.stages.map(json))),
            ("differences", .array(result.differences.map(json))),
            ("summary", SummaryText.json(result.summary)), ("next", next.map(JSONValue.string) ?? .null),
        ])
    }

    private static func json(_ stage: VerifyResult.Stage) -> JSONValue {
        .object([
            ("name", .string(stage.name)), ("read", .int(stage.verdict.read)), ("equal", .int(stage.verdict.equal)),
            ("empty", .int(stage.verdict.empty)), ("rejected", .int(stage.verdict.rejected)),
            ("stale", .int(stage.verdict.stale)), ("wrong", .int(stage.verdict.wrong)),
            ("extra", .int(stage.verdict.extra)), ("set_by_others", .int(stage.verdict.others)),
        ])
    }

    private static func json(_ difference: Difference) -> JSONValue {
        .object([
            ("kind", .string(difference.kind.rawValue)), ("stale", .bool(difference.isStale)),
            ("table", .string(difference.table)), ("key", .string(difference.key)),
            ("place", .string(difference.place)), ("found", difference.found.map(JSONValue.string) ?? .null),
            ("expected", difference.expected.map(JSONValue.string) ?? .null),
        ])
    }
}
