/// How one list of statements became another.
enum StatementDifference {
    /// Lines with `-` for what was and `+` for what is; what stayed is left out.
    static func lines(from before: [String], to now: [String]) -> [String] {
        now.difference(from: before).inferringMoves().map { change in
            switch change {
            case .remove(let offset, let text, _): (offset, 0, "- " + shortened(text))
            case .insert(let offset, let text, _): (offset, 1, "+ " + shortened(text))
            }
        }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }

    private static func shortened(_ text: String) -> String {
        text.count > 400 ? text.prefix(400) + "…" : text
    }
}
