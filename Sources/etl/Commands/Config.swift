import JSON

/// `etl config`: every setting, redacted, and where it came from.
func config(_ settings: Settings, terminal: Terminal) -> ExitCode {
    let rows = SettingsTable(settings).rows
    if terminal.style.isJSON {
        let list = rows.map { row in
            JSONValue.object([
                ("name", .string(row.name)), ("value", row.value.map(JSONValue.string) ?? .null),
                ("origin", .string(row.origin.description)),
            ])
        }
        terminal.result(.object([("settings", .array(list))]))
        return .done
    }
    let widths = rows.map { (DisplayWidth.columns(of: $0.name), DisplayWidth.columns(of: $0.shown)) }
    let nameWidth = widths.map(\.0).max() ?? 0
    let valueWidth = min(widths.map(\.1).max() ?? 0, 60)
    for (row, width) in zip(rows, widths) {
        let gap = String(repeating: " ", count: nameWidth - width.0 + 2)
        let space = String(repeating: " ", count: max(0, valueWidth - width.1) + 2)
        terminal.result(row.name + gap + row.shown + space + row.origin.description)
    }
    return .done
}
