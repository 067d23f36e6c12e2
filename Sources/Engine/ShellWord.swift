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
}

extension Site {
    /// A command as it must be typed to mean the same database and tables as this work does.
    func command(_ verb: String, _ pipeline: String, _ more: [String] = []) -> String {
        (["etl", verb, pipeline] + more + options).map(ShellWord.quoted).joined(separator: " ")
    }
}
