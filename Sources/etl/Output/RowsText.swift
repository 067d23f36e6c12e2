import Engine

/// Source rows and the rows they become, side by side. Pure.
struct RowsText {
    /// Columns of the screen.
    private let columns: Int

    private static let gap = " | "
    /// Lines that a value of a target row takes at most.
    private static let valueLines = 3
    /// Lines that a document takes at least, where it has as many.
    private static let documentLines = 4

    init(columns: Int) {
        self.columns = max(40, columns)
    }

    /// One source row: on the left what is read, on the right what it becomes.
    func lines(_ preview: RowPreview) -> [String] {
        let left = (columns - Self.gap.count) / 2
        let right = columns - Self.gap.count - left
        let becomes = becomes(preview, width: right)
        let reserve = becomes.count / max(1, preview.documents.count)
        let reads = preview.documents.flatMap {
            block($0, width: left, atMost: max(Self.documentLines, reserve))
        }
        var lines = [DisplayWidth.prefix(of: Printable.escaped(head(preview)), columns: columns)]
        for line in 0..<max(reads.count, becomes.count) {
            let one = line < reads.count ? reads[line] : ""
            let other = line < becomes.count ? becomes[line] : ""
            let space = String(repeating: " ", count: left - DisplayWidth.columns(of: one))
            lines.append(one + space + Self.gap + other)
        }
        return lines
    }

    private func head(_ preview: RowPreview) -> String {
        let becomes =
            switch preview.fate {
            case .rows(let targets):
                targets.map { "\(Quantity.counted(Int64($0.rows.count), "row")) of \($0.table)" }
                    .joined(separator: ", ")
            case .empty: "no row of \(preview.targets.map { "\($0)" }.joined(separator: " or "))"
            case .rejected: "a reject"
            }
        return "\(preview.source) \(preview.key): \(becomes)"
    }

    private func becomes(_ preview: RowPreview, width: Int) -> [String] {
        var lines: [String] = []
        switch preview.fate {
        case .empty: lines.append("(nothing)")
        case .rejected(let code, let message): lines += wrapped("\(code): \(message)", width, atMost: Self.valueLines)
        case .rows(let targets):
            for target in targets {
                let table = targets.count > 1 ? " of \(target.table)" : ""
                for (index, row) in target.rows.enumerated() {
                    lines.append(DisplayWidth.prefix(of: "row \(index + 1)\(table)", columns: width))
                    // NULLs are told by not being there.
                    for value in row where value.excerpt != nil {
                        lines += block(value, width: width, atMost: Self.valueLines)
                    }
                }
            }
        }
        if let value = preview.writtenBack {
            lines.append("written back, where it is null")
            lines += block(value, width: width, atMost: Self.valueLines)
        }
        return lines
    }

    /// A column and its value, cut where it is longer than its lines.
    private func block(_ value: RowPreview.Value, width: Int, atMost limit: Int) -> [String] {
        guard let excerpt = value.excerpt else { return wrapped("\(value.column): NULL", width, atMost: 1) }
        let isWhole = Int64(excerpt.unicodeScalars.count) == value.length
        return wrapped(
            "\(value.column): \(excerpt)\(isWhole ? "" : "…")", width, atMost: limit,
            cut: "… (\(Quantity.counted(value.length, "character")))")
    }

    private func wrapped(_ text: String, _ width: Int, atMost limit: Int, cut: String = "…") -> [String] {
        var rest = Printable.escaped(text)
        var lines: [String] = []
        while !rest.isEmpty, lines.count < limit {
            let line = DisplayWidth.prefix(of: rest, columns: width)
            // A character that is wider than the screen would never fit.
            guard !line.isEmpty else { break }
            rest.removeFirst(line.count)
            lines.append(line)
        }
        guard !rest.isEmpty, let last = lines.popLast() else { return lines }
        let room = width - DisplayWidth.columns(of: cut)
        return lines + [room > 0 ? DisplayWidth.prefix(of: last, columns: room) + cut : last]
    }
}
