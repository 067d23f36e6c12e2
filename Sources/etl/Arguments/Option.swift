import Postgres

/// What parsing has gathered so far; each option writes to its own field.
struct Draft: Sendable {
    var global = GlobalOptions()
    var run = RunOptions()
    var rejects = RejectsOptions()
    var status = StatusOptions()
    var plan = PlanOptions()
    var verify = VerifyOptions()
    var catchUp = CatchUpOptions()
    var undo = UndoOptions()
    var purge = PurgeOptions()
    var grants = GrantOptions()
    var revision = NewRevisionOptions()
    var steps = StepOptions()
    var history = HistoryOptions()
    var stamp = StampOptions()
    var isVerbose = false
    var checksHeads = false
    var resolvesDependencies = false
    var wantsHelp = false
    var wantsVersion = false
}

/// One option of the command table: its name, what it takes, and where the value goes.
struct Option: Sendable {
    /// What an option takes after its name.
    enum Value: Sendable {
        /// Nothing: the option is a switch.
        case none(@Sendable (inout Draft) -> Void)
        /// A value, shown in help under this name.
        case one(String, @Sendable (inout Draft, String) throws(ValueProblem) -> Void)
    }

    /// The name, without the two hyphens.
    let name: String
    let value: Value
    /// What it does, in a sentence without a full stop.
    let summary: String
    /// Whether it may be stated several times.
    var repeats = false
    /// A letter that stands for the name behind one hyphen.
    var letter: String?

    /// The same option with a letter that stands for it.
    func short(_ letter: String) -> Option {
        var option = self
        option.letter = letter
        return option
    }

    /// The value's name in help; nil for a switch.
    var valueName: String? {
        switch value {
        case .none: nil
        case .one(let name, _): name
        }
    }

    static func flag(_ name: String, _ summary: String, _ set: @escaping @Sendable (inout Draft) -> Void)
        -> Option
    {
        Option(name: name, value: .none(set), summary: summary)
    }

    static func text(
        _ name: String, _ valueName: String, _ summary: String, repeats: Bool = false,
        _ set: @escaping @Sendable (inout Draft, String) throws(ValueProblem) -> Void
    ) -> Option {
        let checked: @Sendable (inout Draft, String) throws(ValueProblem) -> Void = {
            (draft: inout Draft, text: String) throws(ValueProblem) in
            guard !text.isEmpty else { throw ValueProblem.empty }
            try set(&draft, text)
        }
        return Option(name: name, value: .one(valueName, checked), summary: summary, repeats: repeats)
    }

    static func number(
        _ name: String, _ range: ClosedRange<Int>, _ summary: String,
        _ set: @escaping @Sendable (inout Draft, Int) -> Void
    ) -> Option {
        text(name, "N", summary) { (draft: inout Draft, text: String) throws(ValueProblem) in
            set(&draft, try OptionValue.integer(text, in: range))
        }
    }

    static func bytes(
        _ name: String, _ range: ClosedRange<Int>, _ summary: String,
        _ set: @escaping @Sendable (inout Draft, Int) -> Void
    ) -> Option {
        text(name, "N", summary) { (draft: inout Draft, text: String) throws(ValueProblem) in
            set(&draft, try OptionValue.bytes(text, in: range))
        }
    }

    static func seconds(
        _ name: String, _ range: ClosedRange<Int>, _ summary: String,
        _ set: @escaping @Sendable (inout Draft, Duration) -> Void
    ) -> Option {
        text(name, "S", summary) { (draft: inout Draft, text: String) throws(ValueProblem) in
            set(&draft, try OptionValue.seconds(text, in: range))
        }
    }

    static func identifier(
        _ name: String, _ summary: String, _ set: @escaping @Sendable (inout Draft, Identifier) -> Void
    ) -> Option {
        text(name, "NAME", summary) { (draft: inout Draft, text: String) throws(ValueProblem) in
            guard let identifier = Identifier(text) else { throw ValueProblem.notAName }
            set(&draft, identifier)
        }
    }
}
