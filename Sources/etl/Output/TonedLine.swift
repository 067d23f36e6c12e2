/// A line whose words may have a tone: a colour where a terminal shows any, nothing everywhere else.
///
/// Text from outside can't break out of it: what would move the cursor or end the line is escaped.
struct TonedLine: Sendable, Equatable {
    /// What a word means for whoever glances at it.
    enum Tone: Sendable, Equatable {
        case plain
        /// Done and well.
        case good
        /// Going on.
        case busy
        /// Not as it should be for good.
        case caution
        /// In need of somebody.
        case bad
        /// Of less interest.
        case faint
    }

    private struct Part: Sendable, Equatable {
        var text: String
        var tone: Tone
    }

    private var parts: [Part] = []

    /// A line of one tone.
    init(_ text: String, _ tone: Tone = .plain) {
        append(text, tone)
    }

    /// The line without any tone.
    var plain: String { parts.map(\.text).joined() }

    mutating func append(_ text: String, _ tone: Tone = .plain) {
        if !text.isEmpty { parts.append(Part(text: Printable.escaped(text), tone: tone)) }
    }

    mutating func append(_ line: TonedLine) { parts += line.parts }

    /// The line as a terminal is to get it.
    func shown(inColour: Bool) -> String {
        guard inColour else { return plain }
        return parts.map { part in
            guard let code = part.tone.code else { return part.text }
            return "\u{1B}[\(code)m\(part.text)\u{1B}[0m"
        }.joined()
    }

    /// As much of the line as fits into so many columns.
    func cut(to columns: Int) -> TonedLine {
        var cut = TonedLine("")
        var left = columns
        for part in parts where left > 0 {
            let text = DisplayWidth.prefix(of: part.text, columns: left)
            cut.append(text, part.tone)
            left = text == part.text ? left - DisplayWidth.columns(of: text) : 0
        }
        return cut
    }
}

extension TonedLine.Tone {
    /// The colour, as terminals know it; nil for the terminal's own.
    fileprivate var code: String? {
        switch self {
        case .plain: nil
        case .good: "32"
        case .busy: "36"
        case .caution: "33"
        case .bad: "1;31"
        case .faint: "2"
        }
    }
}

extension TonedLine: ExpressibleByStringInterpolation {
    init(stringLiteral text: String) { self.init(text) }

    init(stringInterpolation: StringInterpolation) { self = stringInterpolation.line }

    /// Takes `\(text)`, `\(text, .bad)`, and other lines.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var line = TonedLine("")

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { line.append(literal) }
        mutating func appendInterpolation(_ text: String, _ tone: Tone = .plain) { line.append(text, tone) }
        mutating func appendInterpolation(_ other: TonedLine) { line.append(other) }
        mutating func appendInterpolation(_ number: some BinaryInteger) { line.append(String(number)) }
    }
}

extension [TonedLine] {
    /// The lines as one, with a separator between them.
    func joined(_ separator: String) -> TonedLine {
        var joined = TonedLine("")
        for (index, line) in enumerated() {
            if index > 0 { joined.append(separator) }
            joined.append(line)
        }
        return joined
    }
}
