/// Finds passwords in a command line, which every user of the machine can read in the process list.
enum PasswordScan {
    /// Whether the word holds a URL with a password, or states one as `password=…`.
    static func finds(in word: String) -> Bool {
        let bytes = Array(word.utf8)
        if let scheme = bytes.firstRange(of: Array("://".utf8)), hasPassword(bytes[scheme.upperBound...]) {
            return true
        }
        let lower = word.lowercased()
        return ["password=", "passwd=", "pwd="].contains { name in
            guard let found = lower.firstRange(of: name) else { return false }
            return found.upperBound < lower.endIndex
        }
    }

    /// Whether the value of `--database-url` holds a password even where its scheme is missing or broken.
    static func findsInURL(_ word: String) -> Bool {
        let bytes = Array(word.utf8)
        let rest = bytes.firstRange(of: Array("://".utf8)).map { bytes[$0.upperBound...] } ?? bytes[...]
        return finds(in: word) || hasPassword(rest)
    }

    /// Whether an option is named as if it took a password.
    static func isPasswordOption(_ spelling: String) -> Bool {
        let lower = spelling.lowercased()
        return lower.contains("password") || lower.contains("passwd") || lower == "--pw"
    }

    /// `user:password@`: a colon, something, and an at sign behind it, wherever slashes may stand.
    private static func hasPassword(_ rest: ArraySlice<UInt8>) -> Bool {
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            let at = rest.lastIndex(of: UInt8(ascii: "@"))
        else { return false }
        return at > colon + 1
    }
}
