/// Words of a command line.
public enum ShellWord {
    /// The word as a shell must read it to get it whole.
    public static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=,+@%".utf8.contains(byte)
            }
        }
        if plain, !word.isEmpty { return word }
        return "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// An option with its value, as words: in one where the value would be taken for an option itself.
    static func option(_ name: String, _ value: String) -> [String] {
        value.hasPrefix("-") ? ["--\(name)=\(value)"] : ["--\(name)", value]
    }
}

extension Site {
    /// A command as it must be typed to mean the same database and tables as this work does.
    func command(_ verb: String, _ pipeline: String, _ more: [String] = []) -> String {
        (["etl", verb, pipeline] + more + options).map(ShellWord.quoted).joined(separator: " ")
    }
}
