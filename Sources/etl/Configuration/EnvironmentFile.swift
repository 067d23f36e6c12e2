/// A `.env` file by the grammar of docs/settings.md. Pure; only keys that this program knows are kept.
struct EnvironmentFile: Sendable, Equatable {
    /// A value and the line that states it.
    struct Entry: Sendable, Equatable {
        let value: Secret
        let line: Int
    }

    /// What `DATABASE_URL` is set to.
    private(set) var databaseURL: Entry?
    /// Variables of libpq that stand in the file and are not read from it, with their lines.
    private(set) var unread: [(name: String, line: Int)] = []

    /// Why a file was refused; a line, never what stands there.
    enum Problem: Error, Equatable {
        case unclosedQuote(line: Int)
        case textAfterQuote(line: Int)
        case notAnAssignment(line: Int)
        case statedTwice(lines: [Int])
        case notUTF8(line: Int)
        case nul(line: Int)
    }

    static func == (one: EnvironmentFile, other: EnvironmentFile) -> Bool {
        one.databaseURL == other.databaseURL && one.unread.map(\.name) == other.unread.map(\.name)
            && one.unread.map(\.line) == other.unread.map(\.line)
    }

    init(_ bytes: [UInt8]) throws(Problem) {
        var reader = EnvironmentFileReader(bytes)
        while let assignment = try reader.next() {
            if assignment.key == "DATABASE_URL" {
                if let first = databaseURL { throw .statedTwice(lines: [first.line, assignment.line]) }
                if assignment.value.contains(0) { throw .nul(line: assignment.line) }
                guard let value = String(validating: assignment.value, as: UTF8.self) else {
                    throw .notUTF8(line: assignment.line)
                }
                databaseURL = Entry(value: Secret(value), line: assignment.line)
            } else if ConnectionKeyword.variables.contains(where: { $0.name == assignment.key }) {
                unread.append((assignment.key, assignment.line))
            }
        }
    }
}
