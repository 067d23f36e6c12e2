import Engine
import JSON

/// What a look before a run found, in lines for people and as an object for programs.
enum PreflightText {
    /// Each finding with what settles it, then how many there are of each weight.
    static func lines(_ report: PreflightReport, pipeline: String) -> [TonedLine] {
        var lines = report.findings.flatMap { finding -> [TonedLine] in
            ["\(finding.weight.rawValue, tone(finding.weight)): \(finding.what)"]
                + (finding.remedy.map { ["  do: \($0)"] } ?? [])
        }
        let counts = PreflightFinding.Weight.allCases.map { weight in
            Quantity.counted(Int64(report.findings.count { $0.weight == weight }), weight.rawValue)
        }
        let done = report.isDone ? "nothing is left to do; " : ""
        lines.append(TonedLine("\(pipeline): \(done)\(counts.joined(separator: ", "))"))
        return lines
    }

    private static func tone(_ weight: PreflightFinding.Weight) -> TonedLine.Tone {
        switch weight {
        case .problem: .bad
        case .warning: .caution
        case .notice: .faint
        }
    }

    /// The same for programs.
    static func json(_ report: PreflightReport, pipeline: String, _ code: ExitCode, next: String?) -> JSONValue {
        .object([
            ("event", .string("ended")), ("code", .int(Int64(code.rawValue))), ("name", .string(code.name)),
            ("pipeline", .string(pipeline)), ("nothing_to_do", .bool(report.isDone)),
            (
                "findings",
                .array(
                    report.findings.map { finding in
                        .object([
                            ("weight", .string(finding.weight.rawValue)), ("what", .string(finding.what)),
                            ("remedy", finding.remedy.map(JSONValue.string) ?? .null),
                        ])
                    })
            ),
            ("next", next.map(JSONValue.string) ?? .null),
        ])
    }
}
