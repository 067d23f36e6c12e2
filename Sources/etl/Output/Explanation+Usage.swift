extension Explanation {
    /// Words for a command line that was not understood.
    init(_ error: UsageError) {
        switch error {
        case .noCommand:
            self.init(summary: "no command was given", next: "etl --help")
        case .unknownCommand(let word, let nearest):
            self.init(
                summary: "there is no command" + Self.quoted(word) + Self.meant(nearest), next: "etl --help")
        case .unknownOption(let word, let command, let nearest):
            let place = command.map { "etl \($0)" } ?? "etl"
            self.init(
                summary: "\(place) has no option" + Self.quoted(word) + Self.meant(nearest),
                next: "\(place) --help")
        case .missingArgument(let command, let argument):
            self.init(summary: "etl \(command) needs \(argument)", next: "etl \(command) --help")
        case .surplusArgument(let command, let position):
            self.init(
                summary: "etl \(command) takes no argument number \(position)", next: "etl \(command) --help")
        case .unknownAction(let command, let word, let actions, let nearest):
            self.init(
                summary: "etl \(command) can't do" + Self.quoted(word, otherwise: " that")
                    + Self.meant(nearest),
                next: "etl \(command) " + actions.joined(separator: "|"))
        case .repeatedPipeline(let word):
            self.init(summary: "the pipeline" + Self.quoted(word) + " was named twice", next: "name it once")
        case .option(let name, let mistake):
            self.init(option: name, mistake)
        case .passwordInArguments(let position):
            self.init(passwordAt: "argument \(position)")
        }
    }

    private init(option: String, _ mistake: OptionMistake) {
        let help = CommandTable.help(onOption: option)
        switch mistake {
        case .missingValue(let name):
            self.init(summary: "--\(option) needs a value", next: "write --\(option) \(name)")
        case .surplusValue:
            self.init(summary: "--\(option) takes no value", next: "write --\(option)")
        case .statedTwice:
            self.init(summary: "--\(option) was stated twice", next: "state it once")
        case .badValue(let problem):
            self.init(summary: "--\(option) " + Self.words(problem), next: help)
        case .unnamedPipeline:
            self.init(summary: "--\(option) names a pipeline that is not among those to run", next: help)
        case .ambiguousPipeline:
            self.init(
                summary: "--\(option) does not say which of the pipelines it means",
                next: option == "with" ? "write --with PIPELINE:STAGE" : "write --\(option) PIPELINE=N")
        }
    }

    /// Words for a password on the command line; the same wherever it is found.
    init(passwordAt place: String) {
        self.init(
            summary: "\(place) seems to hold a password, which everybody on this machine could read in the"
                + " process list; nothing was done",
            details: [
                "Better: DATABASE_URL in the environment, or in a file .env that only you can write;",
                "~/.pgpass, a service file, or PGPASSWORD in the environment beside a URL without a password.",
                "Change the password if others use this machine: the shell may have kept it in its history too.",
            ],
            next: "put the URL into .env as DATABASE_URL=… and leave --database-url out")
    }

    private static func words(_ problem: ValueProblem) -> String {
        switch problem {
        case .outside(let range, let unit):
            "takes a number from \(range.lowerBound) to \(range.upperBound)"
                + (unit.isEmpty ? "" : " \(unit)")
        case .notSeconds(let range):
            "takes seconds from \(range.lowerBound) to \(range.upperBound), for instance 2 or 0.5"
        case .notOneOf(let names, let nearest):
            "takes one of " + names.joined(separator: ", ") + meant(nearest)
        case .notAName: "takes a name of at most 63 bytes"
        case .empty: "needs a value that is not empty"
        case .notANumber(let form): "takes \(form), where N is a whole number"
        }
    }

    private static func quoted(_ word: PlainWord?, otherwise: String = " of that name") -> String {
        word.map { " “\($0)”" } ?? otherwise
    }

    private static func meant(_ nearest: String?) -> String {
        nearest.map { "; did you mean \($0)?" } ?? ""
    }
}
