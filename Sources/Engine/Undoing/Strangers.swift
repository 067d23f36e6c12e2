/// Rows and values that came or were changed after a run wrote what is to be removed with them.
struct Strangers {
    /// How many of them are shown.
    static let shown = 5

    /// How many there are.
    private(set) var count: Int64 = 0
    private var first: [Difference] = []
    private var unfilled: [String] = []
    /// Stages whose work cannot be compared with anything any more.
    var incomparable: [String] = []

    /// Takes what a part of the work showed.
    mutating func add(_ differences: [Difference], count: Int) {
        self.count += Int64(count)
        first += differences.prefix(max(0, Self.shown - first.count))
    }

    /// Takes rows of a table, or values of a column, that nothing of the run filled.
    mutating func add(rows: Int64, of name: String) {
        count += rows
        if rows > 0 { unfilled.append("\(name), which nothing of the run fills: \(rows)") }
    }

    /// Why nothing is removed; nil where everything there is the run's own. `catchUp` brings over what changed in the
    /// source, where that can still be done.
    func refusal(catchUp: String? = nil, then command: String) -> Failure? {
        if count == 0, incomparable.isEmpty { return nil }
        var reasons: [String] = []
        if count > 0 {
            reasons.append(
                "\(count) \(count == 1 ? "row or value" : "rows or values") came or changed since the run wrote them")
        }
        if !incomparable.isEmpty {
            reasons.append(
                "what stage \(incomparable.joined(separator: ", ")) wrote cannot be compared with its source")
        }
        var details = first.map { difference in
            "\(difference.table), key \(difference.key)\(difference.place.isEmpty ? "" : ", \(difference.place)")"
        }
        if Int64(details.count) == Self.shown { details.append("and so on") }
        details += unfilled
        return Failure(
            .refused, reasons.joined(separator: "; "), details: details,
            next: (catchUp.map { "bring over what changed in the source with \($0); " } ?? "")
                + "keep elsewhere what others wrote; to remove it with the rest: \(command)")
    }
}
