/// Help, made from the command table alone.
enum Help {
    static let version = "etl 0.1.0"

    /// Help about the program.
    static var program: String {
        var lines = [
            "etl: careful data migration inside PostgreSQL", "", "usage: etl COMMAND [ARGUMENT…] [OPTION…]",
            "",
            "commands:",
        ]
        lines += CommandTable.commands.flatMap { row($0.name, $0.summary, indent: 13) }
        lines += row("help", "help about a command", indent: 13)
        lines += ["", "options of every command:"]
        lines += CommandTable.globalOptions.flatMap(row)
        lines += ["", "example:", "  etl help run"]
        return lines.joined(separator: "\n")
    }

    /// Help about one command.
    static func text(for entry: CommandEntry) -> String {
        var lines = ["etl \(entry.name): \(entry.summary)", "", "usage: " + usage(of: entry)]
        if !entry.options.isEmpty { lines += ["", "options:"] + entry.options.flatMap(row) }
        lines += [
            "", "example:", "  " + entry.example, "", "Options of every command are listed by etl --help.",
        ]
        return lines.joined(separator: "\n")
    }

    /// The form of a command, as in `etl rejects PIPELINE [OPTION…]`.
    private static func usage(of entry: CommandEntry) -> String {
        let arguments =
            switch entry.arguments {
            case .none: ""
            case .optional(let name): " [\(name)]"
            case .one(let name), .target(let name): " \(name)"
            case .several(let name): " \(name)…"
            case .action(let names, let rest):
                " " + names.map { $0 == rest ? $0 + " [ARGUMENT…]" : $0 }.joined(separator: "|")
            }
        return "etl \(entry.name)\(arguments) [OPTION…]"
    }

    private static func row(_ option: Option) -> [String] {
        let value = option.valueName.map { " " + $0 } ?? ""
        let letter = option.letter.map { "-\($0), " } ?? ""
        return row("\(letter)--\(option.name)\(value)" + (option.repeats ? " …" : ""), option.summary, indent: 31)
    }

    /// A name and what it means, broken into lines of at most 80 columns.
    private static func row(_ name: String, _ summary: String, indent: Int) -> [String] {
        var lines = [pad("  " + name, to: indent)]
        if DisplayWidth.columns(of: lines[0]) > indent { lines.append(pad("", to: indent)) }
        var isFirst = true
        for word in summary.split(separator: " ") {
            let last = lines[lines.count - 1]
            if !isFirst, DisplayWidth.columns(of: last) + 1 + DisplayWidth.columns(of: word) > 80 {
                lines.append(pad("", to: indent) + word)
            } else {
                lines[lines.count - 1] = last + (isFirst ? "" : " ") + word
            }
            isFirst = false
        }
        return lines
    }

    private static func pad(_ text: String, to columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - DisplayWidth.columns(of: text)))
    }
}
