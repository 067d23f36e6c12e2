import Glibc

/// How much a terminal shows.
struct WindowSize: Sendable, Equatable {
    var columns = 80
    var rows = 24

    /// The usual size, unless another is stated.
    init(columns: Int = 80, rows: Int = 24) {
        self.columns = columns
        self.rows = rows
    }

    /// The size of the terminal behind a descriptor, what it does not know being the usual; nil where there is none.
    init?(of descriptor: Int32) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        if size.ws_col > 0 { columns = Int(size.ws_col) }
        if size.ws_row > 0 { rows = Int(size.ws_row) }
    }
}

/// Lines that are drawn over those drawn before. Pure.
struct Painting {
    private let lines: [TonedLine]

    /// The lines, cut to the window unless they are to be whole: the cursor stands below the last one, and a line that
    /// reaches the last column makes some terminals begin another.
    init(_ lines: [TonedLine], size: WindowSize, isWhole: Bool) {
        guard !isWhole else {
            self.lines = lines
            return
        }
        let limit = max(1, size.rows - 1)
        var shown = lines
        if lines.count > limit {
            shown = Array(lines.prefix(limit - 1))
            shown.append(TonedLine("… and \(Quantity.counted(Int64(lines.count - shown.count), "line")) more", .faint))
        }
        self.lines = shown.map { $0.cut(to: max(1, size.columns - 1)) }
    }

    /// How many rows of the terminal it takes.
    var rows: Int { lines.count }

    /// What to send to draw it over so many rows that end above the cursor. Nothing is wiped that is drawn anew, or it
    /// would flicker.
    func bytes(over rows: Int, inColour: Bool) -> [UInt8] {
        let up = rows > 0 ? "\u{1B}[\(rows)F" : ""
        let text = lines.map { $0.shown(inColour: inColour) + "\u{1B}[K\n" }.joined()
        return Array((up + text + "\u{1B}[J").utf8)
    }
}
