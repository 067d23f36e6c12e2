import Dispatch
import Support
import Synchronization

/// A database of chapters, and the program at work on it; dropped with the last reference.
final class MemoirDatabase: Sendable {
    let name: String
    /// Its URL without a password.
    let url: String
    /// What was there when roles were given last what they need.
    let granted = Mutex<String?>(nil)

    /// A database of the test server from which the others are made.
    private static let lobby = Result { try TestServer.shared.database() }
    private static let numbers = Atomic<Int>(0)
    // Dropping takes longer than some tests, and nothing waits for it.
    private static let cleaner = DispatchQueue(label: "drop databases of chapters")

    private init(options: String = "", then more: String? = nil) throws {
        let lobby = try Self.lobby.get()
        name = "memoir_\(Self.numbers.add(1, ordering: .relaxed).newValue)"
        url = lobby.url.replacing("///\(lobby.name)?", with: "///\(name)?")
        let connect = more.map { ";\n\\connect \(name)\n\($0)" } ?? ""
        try lobby.psql("create database \(name) \(options)\(connect)")
    }

    deinit {
        Self.cleaner.async { [name] in
            // One that stays is gone with the server.
            _ = try? Self.lobby.get().psql("drop database if exists \(name) with (force)")
        }
    }

    /// A database without any table.
    static func empty() async throws -> MemoirDatabase {
        try await blocking { try MemoirDatabase() }
    }

    /// A database with generated chapters.
    static func holding(_ chapters: Chapters) async throws -> MemoirDatabase {
        try await made(by: "generate.py", chapters.arguments)
    }

    /// A database with the contract's cases, as far as they can exist in columns of these types.
    static func holdingCases(content: Chapters.Document, images: Chapters.Document) async throws -> MemoirDatabase {
        let file = packageDirectory + "/Tests/TransformsTests/Cases/sections.jsonl"
        return try await made(
            by: "cases.py", [file, "--content", content.rawValue, "--images", images.rawValue])
    }

    private static func made(by script: String, _ arguments: [String]) async throws -> MemoirDatabase {
        let sql = try await Judge.run(script, arguments)
        guard sql.status == 0 else { throw UnexpectedEnd(sql) }
        let database = try await empty()
        try await database.psql(sql.output)
        return database
    }

    /// Another database with all that is in this one; nobody may be connected to it.
    func copy() async throws -> MemoirDatabase {
        try await blocking { [name] in try MemoirDatabase(options: "template \(name)") }
    }

    /// A copy in which the runs go on as if they had been begun there; else a copy is refused as another database.
    func copyWithRuns() async throws -> MemoirDatabase {
        let adopt = """
            select 'update etl.runs set database_oid = (select oid from pg_database where datname = current_database())'
             where to_regclass('etl.runs') is not null
            \\gexec
            """
        return try await blocking { [name] in try MemoirDatabase(options: "template \(name)", then: adopt) }
    }

    /// Runs SQL in the real psql and returns what it prints: a line a row, columns separated by `|`.
    @discardableResult
    func psql(_ sql: String) async throws -> String {
        let result = try await blocking { [url] in
            try runProgram(
                TestServer.shared.psqlPath, arguments: Self.psqlArguments(url), input: Array(sql.utf8))
        }
        guard result.status == 0 else { throw UnexpectedEnd(result) }
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }

    /// A psql that goes on while the test does, until it is let go.
    func session(_ sql: String) throws -> RunningProgram {
        try RunningProgram(TestServer.shared.psqlPath, arguments: Self.psqlArguments(url), input: Array(sql.utf8))
    }

    private static func psqlArguments(_ url: String) -> [String] {
        ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"]
    }
}

/// A program that a test needs did not end with 0.
struct UnexpectedEnd: Error, CustomStringConvertible {
    let description: String

    init(_ result: ProgramResult) {
        description = "ended with \(result.status): \(result.stderr)\(result.output.suffix(2000))"
    }
}
