import Foundation
import Support
import Testing

/// A project with revisions, its `.env`, and a database of its own.
final class RevisionProject: Sendable {
    let scratch: Scratch
    let database: MemoirDatabase

    /// With these files in `sql/revisions`; where told to, with the pipelines and scripts of this project, too.
    init(
        _ files: [(name: String, text: String)] = [], database: MemoirDatabase, withPipelines: Bool = false
    ) throws {
        scratch = try Scratch()
        self.database = database
        let manager = FileManager.default
        for name in withPipelines ? ["pipelines", "sql"] : [] {
            try manager.copyItem(atPath: "\(packageDirectory)/\(name)", toPath: "\(scratch.path)/\(name)")
        }
        try manager.createDirectory(atPath: "\(scratch.path)/sql/revisions", withIntermediateDirectories: true)
        let url = database.urlWithPassword.replacing("postgresql://", with: "postgresql+asyncpg://")
        try Data("DATABASE_URL=\(url)\n".utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/.env"))
        for file in files { try write(file.name, file.text) }
    }

    /// A project on a database that this SQL has made.
    static func made(_ setup: String, _ files: [(name: String, text: String)] = []) async throws -> RevisionProject {
        let database = try await MemoirDatabase.empty()
        if !setup.isEmpty { try await database.psql(setup) }
        return try RevisionProject(files, database: database)
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/sql/revisions/\(name)"))
    }

    /// The same files with another database.
    func copy(on database: MemoirDatabase) throws -> RevisionProject {
        let folder = "\(scratch.path)/sql/revisions"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try RevisionProject(
            try names.map { ($0, try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) }, database: database)
    }

    /// Starts the program in the project's directory; only `.env` tells it where the database is.
    func start(_ arguments: [String], variables: [String: String] = [:]) throws -> RunningProgram {
        try RunningProgram(
            etlBinary, arguments: arguments, environment: plainEnvironment.merging(variables) { $1 },
            directory: scratch.path)
    }

    /// Runs the program to its end. Whatever it says, the password is not in it.
    func etl(_ arguments: [String], variables: [String: String] = [:]) async throws -> ProgramResult {
        let result = try await start(arguments, variables: variables).end()
        #expect(!MemoirDatabase.isShown(in: result.output + result.stderr))
        return result
    }

    /// Runs the program, which must end with 0, and gives what it printed, without the last line break.
    @discardableResult
    func output(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await etl(words.split(separator: " ").map(String.init))
        #expect(result.status == 0, "etl \(words): \(result.stderr)", sourceLocation: sourceLocation)
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }

    /// Runs the program, which must end with this code, and gives what it said about it.
    func refusal(
        _ words: String, _ code: Int32, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await etl(words.split(separator: " ").map(String.init))
        #expect(result.status == code, "etl \(words): \(result.stderr)", sourceLocation: sourceLocation)
        return result.stderr
    }

    /// Everything of the tables' schema that pg_dump writes, and the rows of the table of revisions without their times.
    func state() async throws -> String {
        let dump = try await blocking { [url = database.url] in
            try runProgram(
                "pg_dump",
                arguments: ["--no-owner", "-d", url, "-T", "etl.audit", "-T", "etl.version", "-T", "etl.ledger"])
        }
        guard dump.status == 0 else { throw UnexpectedEnd(dump) }
        // Newer minor versions write a random key into lines that begin with a backslash.
        let schema = dump.output.split(separator: "\n").filter { !$0.hasPrefix("--") && !$0.hasPrefix("\\") }
        let rows = try await database.psql(
            """
            select to_regclass('etl.version') is null as none \\gset
            \\if :none
            \\else
            select revision, state, title, how, upgrade, downgrade from etl.version order by 1;
            \\endif
            """)
        return schema.joined(separator: "\n") + "\n" + rows
    }
}
