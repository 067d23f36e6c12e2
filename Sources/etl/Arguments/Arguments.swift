import Pipelines

/// The command line as words, read against the command table. Pure.
struct Arguments {
    private let words: [String]
    private var position = 0
    private var draft = Draft()
    private var stated: Set<String> = []
    private var entry: CommandEntry?
    private var wantsHelpCommand = false
    private var operands: [String] = []

    private init(_ words: [String]) {
        self.words = words
    }

    /// Understands the words after the program's name.
    static func parse(_ words: [String]) throws(UsageError) -> Invocation {
        // Before anything else, so that no later message can repeat what should not have been written.
        for (index, word) in words.enumerated() where PasswordScan.finds(in: word) {
            throw .passwordInArguments(position: index + 1)
        }
        var arguments = Arguments(words)
        return try arguments.parse()
    }

    /// Whether `--json` was asked for, for errors that come before the rest is understood.
    static func wantsJSON(_ words: [String]) -> Bool {
        words.prefix { $0 != "--" }.contains("--json")
    }

    private mutating func parse() throws(UsageError) -> Invocation {
        var optionsEnded = false
        while position < words.count {
            let word = words[position]
            position += 1
            if !optionsEnded, word == "--" {
                optionsEnded = true
            } else if !optionsEnded, word.hasPrefix("-"), word != "-", !isTarget(word) {
                try takeOption(word)
            } else if try takeWord(word) {
                break
            }
        }
        return Invocation(command: try command(), global: draft.global)
    }

    /// Takes a word that is no option; true when all that follows is to be passed on untouched.
    private mutating func takeWord(_ word: String) throws(UsageError) -> Bool {
        guard let entry else {
            if wantsHelpCommand {
                operands.append(word)
            } else if word == "help" {
                wantsHelpCommand = true
            } else if let found = CommandTable.command(named: word) {
                self.entry = found
            } else {
                throw .unknownCommand(PlainWord(word), nearest: nearest(to: word, among: CommandTable.names))
            }
            return false
        }
        operands.append(word)
        guard case .action(_, rest: word) = entry.arguments, operands.count == 1 else { return false }
        operands += words[position...]
        position = words.count
        return true
    }

    /// Whether the word is a number of steps down, which a revision's target may be, and no option is called so.
    private func isTarget(_ word: String) -> Bool {
        guard case .target = entry?.arguments else { return false }
        return word.utf8.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private mutating func takeOption(_ word: String) throws(UsageError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let spelling = String(parts[0])
        let option = try option(spelled: spelling == "-h" ? "--help" : spelling)
        let attached = parts.count == 2 ? String(parts[1]) : nil
        if case .one = option.value, !option.repeats, !stated.insert(option.name).inserted {
            throw .option(option.name, .statedTwice)
        }
        switch option.value {
        case .none(let set):
            guard attached == nil else { throw .option(option.name, .surplusValue) }
            set(&draft)
        case .one(let valueName, let set):
            let text = if let attached { attached } else { try nextValue(of: option, valueName: valueName) }
            if option.name == "database-url", PasswordScan.findsInURL(text) {
                throw .passwordInArguments(position: position)
            }
            do throws(ValueProblem) {
                try set(&draft, text)
            } catch {
                throw .option(option.name, .badValue(error))
            }
        }
    }

    private mutating func nextValue(of option: Option, valueName: String) throws(UsageError) -> String {
        guard position < words.count, !words[position].hasPrefix("--") else {
            throw .option(option.name, .missingValue(named: valueName))
        }
        position += 1
        return words[position - 1]
    }

    private func option(spelled spelling: String) throws(UsageError) -> Option {
        let known = CommandTable.globalOptions + (entry?.options ?? [])
        let isMeant: (Option) -> Bool = { option in
            "--" + option.name == spelling || option.letter.map { "-" + $0 == spelling } ?? false
        }
        if let option = known.first(where: isMeant) { return option }
        if PasswordScan.isPasswordOption(spelling) { throw .passwordInArguments(position: position) }
        throw .unknownOption(
            PlainWord(spelling), command: entry?.name,
            nearest: nearest(to: spelling, among: known.map { "--" + $0.name }))
    }

    private func command() throws(UsageError) -> Command {
        if draft.wantsVersion { return .version }
        if wantsHelpCommand { return try help() }
        if draft.wantsHelp { return .help(command: entry?.name) }
        guard let entry else { throw .noCommand }
        try checkOperands(of: entry)
        return try entry.make(draft, operands)
    }

    private func help() throws(UsageError) -> Command {
        guard let name = operands.first, name != "help" else { return .help(command: nil) }
        guard CommandTable.command(named: name) != nil else {
            throw .unknownCommand(PlainWord(name), nearest: nearest(to: name, among: CommandTable.names))
        }
        guard operands.count == 1 else { throw .surplusArgument(command: "help", position: 2) }
        return .help(command: name)
    }

    private func checkOperands(of entry: CommandEntry) throws(UsageError) {
        let limits: ClosedRange<Int>
        var wanted = ""
        switch entry.arguments {
        case .none: limits = 0...0
        case .optional: limits = 0...1
        case .one(let name), .target(let name): (limits, wanted) = (1...1, name)
        case .several(let name): (limits, wanted) = (1...Int.max, name)
        case .action(let actions, _):
            (limits, wanted) = (1...Int.max, actions.joined(separator: "|"))
            if let action = operands.first, !actions.contains(action) {
                throw .unknownAction(
                    command: entry.name, PlainWord(action), among: actions,
                    nearest: nearest(to: action, among: actions))
            }
        }
        if operands.count < limits.lowerBound || operands.contains("") {
            throw .missingArgument(command: entry.name, argument: wanted)
        }
        if operands.count > limits.upperBound {
            throw .surplusArgument(command: entry.name, position: limits.upperBound + 1)
        }
    }
}
