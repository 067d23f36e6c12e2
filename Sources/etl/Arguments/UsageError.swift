/// Why a command line was not understood.
///
/// It holds names from the command table, positions, and words that were checked to be harmless; never a
/// value that could be a password.
enum UsageError: Error, Equatable {
    case noCommand
    case unknownCommand(PlainWord?, nearest: String?)
    case unknownOption(PlainWord?, command: String?, nearest: String?)
    /// An option that exists and was not used as it should be.
    case option(String, OptionMistake)
    case missingArgument(command: String, argument: String)
    case surplusArgument(command: String, position: Int)
    case unknownAction(command: String, PlainWord?, among: [String], nearest: String?)
    case repeatedPipeline(PlainWord?)
    case passwordInArguments(position: Int)
}

/// What is wrong with how an option was used.
enum OptionMistake: Equatable {
    case missingValue(named: String)
    case surplusValue
    case statedTwice
    case badValue(ValueProblem)
    /// It names a pipeline that is not among those to run.
    case unnamedPipeline
    /// Several pipelines are to run, and it names none.
    case ambiguousPipeline
}

/// What is wrong with the value of an option.
enum ValueProblem: Error, Equatable {
    case outside(ClosedRange<Int>, unit: String)
    case notSeconds(ClosedRange<Int>)
    case notOneOf([String], nearest: String?)
    case notAName
    case empty
    case notANumber(form: String)
}

/// A word from the command line that may be shown again: short, letters, digits, hyphen, dot, underscore.
struct PlainWord: Equatable, CustomStringConvertible {
    let description: String

    /// Nil when the word could hold more than a name, for instance a URL with a password.
    init?(_ word: some StringProtocol) {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, !word.isEmpty, word.utf8.count <= 40 else { return nil }
        description = String(word)
    }
}
