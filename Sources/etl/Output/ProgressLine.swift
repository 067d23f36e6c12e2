import Engine

/// The line that shows how far a stage is. Pure.
struct ProgressLine {
    /// Parts of the line in the order they are shown, with how gladly each is given up when space is short.
    private let parts: [(text: String, rank: Int)]

    init(_ progress: Progress, _ reading: ProgressMeter.Reading) {
        let rows = Quantity.grouped(progress.rows)
        let total = progress.total.map { "/" + Quantity.grouped($0) } ?? ""
        var parts = [(Printable.escaped(progress.stage), 0), (rows + total + " rows", 1)]
        if let percent = Quantity.percent(progress.rows, of: progress.total) { parts.append((percent, 2)) }
        if let speed = reading.rowsPerSecond { parts.append((Quantity.rate(speed), 5)) }
        if let speed = reading.bytesPerSecond { parts.append((Quantity.megabytes(speed) + "/s", 6)) }
        if let left = reading.secondsLeft { parts.append(("ETA " + Quantity.duration(left), 3)) }
        if progress.rejects > 0 {
            parts.append((Quantity.counted(progress.rejects, "reject"), 4))
        }
        parts.append((Quantity.counted(Int64(progress.workers), "worker"), 7))
        self.parts = parts
    }

    /// The whole line, for a log or a pipe.
    var text: String { parts.map(\.text).joined(separator: "  ") }

    /// The line for a terminal that many columns wide; a terminal that says 0 does not know its width.
    ///
    /// The last column stays free: writing to it makes some terminals begin a new line.
    func text(columns: Int) -> String {
        let limit = max(1, (columns <= 0 ? 80 : columns) - 1)
        var shown = parts
        while shown.count > 1 {
            let line = shown.map(\.text).joined(separator: "  ")
            if DisplayWidth.columns(of: line) <= limit { return line }
            guard let least = shown.indices.max(by: { shown[$0].rank < shown[$1].rank }) else { break }
            shown.remove(at: least)
        }
        return DisplayWidth.prefix(of: shown.map(\.text).joined(), columns: limit)
    }
}
