extension Explanation {
    /// Words for settings that were refused. No value is ever shown.
    init(_ error: SettingsError) {
        switch error {
        case .url(let problem, let origin):
            self.init(
                summary: "the database's URL (\(origin)) " + Self.words(problem), next: Self.remedy(problem))
        case .file(let problem):
            self.init(summary: ".env: " + Self.words(problem), next: "mend .env (grammar: docs/settings.md)")
        case .fileNotOpened(let refusal):
            self.init(refusal)
        case .unreadableVariable(let name):
            self.init(
                summary: "the variable \(name) holds bytes that are not UTF-8", next: "set \(name) anew")
        case .passwordInFlag:
            self.init(passwordAt: "--database-url")
        }
    }

    private init(_ refusal: EnvironmentFileOpening.Refusal) {
        let state = ".env holds a password and "
        switch refusal {
        case .writableByOthers(let mode):
            self.init(
                summary: state + "others may write to it (mode \(String(mode, radix: 8))); it was not read",
                next: "chmod go-w .env")
        case .foreignOwner(let uid):
            self.init(
                summary: state + "belongs to somebody else (uid \(uid)); it was not read",
                next: "make a .env of your own, or set DATABASE_URL")
        case .foreignLink(let uid):
            self.init(
                summary: ".env is a link that somebody else made (uid \(uid)); it was not followed",
                next: "make a .env of your own, or set DATABASE_URL")
        case .notARegularFile:
            self.init(
                summary: ".env is not a regular file; it was not read", next: "set DATABASE_URL instead")
        case .tooLarge:
            self.init(
                summary: ".env is larger than \(EnvironmentFileOpening.maximumBytes) bytes; it was not read",
                next: "set DATABASE_URL instead")
        case .unreadable(let code):
            self.init(
                summary: ".env could not be read: " + SystemError.text(code),
                next: "make it readable for you, or set DATABASE_URL")
        }
    }

    private static func words(_ problem: EnvironmentFile.Problem) -> String {
        switch problem {
        case .unclosedQuote(let line): "the quote that opens on line \(line) is never closed"
        case .textAfterQuote(let line): "line \(line) goes on after the closing quote"
        case .notAnAssignment(let line): "line \(line) should read DATABASE_URL=…"
        case .statedTwice(let lines):
            "DATABASE_URL is stated twice, on lines " + lines.map(String.init).joined(separator: " and ")
        case .notUTF8(let line): "DATABASE_URL on line \(line) is not UTF-8"
        case .nul(let line): "DATABASE_URL on line \(line) holds a NUL byte"
        }
    }
}
