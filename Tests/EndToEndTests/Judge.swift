import Support

/// The programs that generate chapters and judge what became of them; they share nothing with ours.
enum Judge {
    /// Runs one of them.
    static func run(_ name: String, _ arguments: [String]) async throws -> ProgramResult {
        try await blocking {
            try runProgram(
                "python3", arguments: ["\(packageDirectory)/Tests/EndToEndTests/Judge/\(name)"] + arguments,
                environment: plainEnvironment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 })
        }
    }
}

extension MemoirDatabase {
    /// What the judge says: how many chapters, sections and rejects it found to be as the contract says, or the first
    /// differences.
    func verdict(_ arguments: String...) async throws -> String {
        let result = try await Judge.run("judge.py", ["--dsn", url] + arguments)
        return result.output + result.stderr
    }

    /// One hash over sections, covers and rejects; two runs that end alike have the same.
    func hash() async throws -> String {
        let result = try await Judge.run("hash.py", ["--dsn", url])
        guard result.status == 0 else { throw UnexpectedEnd(result) }
        return result.output
    }
}

/// How the judge's verdict ends when nothing differs.
let asContracted = "all as the contract says\n"
