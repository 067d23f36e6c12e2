import Support

/// The program on a database of chapters. Every URL that it gets holds a password, and no output may show it.
extension MemoirDatabase {
    /// Odd enough to be found wherever it appears, percent-encoded or not.
    static let canary = "Ganymede"

    /// Its bytes in all forms in which it might be written: as it is, in hexadecimal, in base64 from any byte on.
    static let canaryForms = ["ganymede", "47616e796d656465", "r2fuew1lzgu", "dhbnltzwrl", "hyw55bwvkz"]

    /// Whether some text shows the password, in whatever form and case.
    static func isShown(in text: String) -> Bool {
        let lower = text.lowercased()
        return canaryForms.contains { lower.contains($0) }
    }

    /// The URL that the program gets; the server asks for no password, so any will do.
    var urlWithPassword: String { urlWithPassword(as: "postgres") }

    private func urlWithPassword(as user: String) -> String {
        url.replacing("postgresql:///", with: "postgresql://\(user):\(Self.canary)%3F77@/")
            .replacing("&user=postgres", with: "")
    }

    /// The only variables that the program gets beside those of any process.
    private func environment(for arguments: [String], _ variables: [String: String]) throws -> [String: String] {
        var environment = plainEnvironment.merging(variables) { $1 }
        // Whoever says where the database is says who works, too.
        if variables["DATABASE_URL"] == nil {
            environment["DATABASE_URL"] = urlWithPassword(as: try user(for: arguments))
        }
        return environment
    }

    /// Runs the program to its end.
    func etl(
        _ arguments: String..., variables: [String: String] = [:], directory: String = packageDirectory
    ) async throws -> ProgramResult {
        let program = try start(arguments, variables: variables, directory: directory)
        return try await program.end()
    }

    /// Starts the program, which goes on while the test does.
    func start(
        _ arguments: [String], variables: [String: String] = [:], directory: String = packageDirectory
    ) throws -> RunningProgram {
        try RunningProgram(
            etlBinary, arguments: arguments, environment: environment(for: arguments, variables), directory: directory)
    }

    /// Starts a program that starts ours, which is its `$0`.
    func shell(_ script: String, _ arguments: [String]) throws -> RunningProgram {
        try RunningProgram(
            "sh", arguments: ["-c", script, etlBinary] + arguments,
            environment: environment(for: [script] + arguments, [:]), directory: packageDirectory)
    }

    /// Waits until a run has done this many chunks.
    func awaitChunks(_ count: Int, within limit: Duration = .seconds(20)) async throws -> Bool {
        try await eventually(within: limit) {
            guard try await psql("select to_regclass('etl.chunks') is not null") == "t" else { return false }
            let done = try await psql("select count(*) from etl.chunks where state = 'done'")
            return (Int(done) ?? 0) >= count
        }
    }

    /// Whether no session of ours is left, within the time that a dead client may go unnoticed.
    func isLeftAlone(within limit: Duration = .seconds(10)) async throws -> Bool {
        try await eventually(within: limit) {
            try await psql(
                """
                select count(*) from pg_stat_activity
                 where datname = current_database() and application_name like 'etl%'
                """) == "0"
        }
    }

    /// How many rows of the ledger meet a condition.
    func count(_ rows: String) async throws -> Int {
        Int(try await psql("select count(*) from \(rows)")) ?? -1
    }
}

extension RunningProgram {
    /// Waits for the end. Whatever else a run says, it never says the password.
    func end() async throws -> ProgramResult {
        let result = try await blocking { [self] in wait() }
        guard !MemoirDatabase.isShown(in: result.output + result.stderr) else {
            throw PasswordShown(output: result.output + result.stderr)
        }
        return result
    }

    /// Waits for the end and says how long that took.
    func timedEnd() async throws -> (result: ProgramResult, seconds: Double) {
        let began = ContinuousClock.now
        let result = try await end()
        return (result, (ContinuousClock.now - began) / .seconds(1))
    }
}

/// An output that shows the password of the database.
struct PasswordShown: Error {
    let output: String
}
