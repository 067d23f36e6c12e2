import Foundation
import Support
import Synchronization

/// The programs that generate chapters and judge what became of them; they share nothing with ours.
enum Judge {
    /// Those that wait for a question. To start Python anew takes longer than to answer most of them.
    private static let idle = Mutex<[AnsweringProgram]>([])

    /// Runs one of them; the psql that they use is the server's own, which starts in no time.
    static func run(_ name: String, _ arguments: [String]) async throws -> ProgramResult {
        try await blocking {
            let judge = try idle.withLock { $0.popLast() } ?? start()
            let question = try JSONSerialization.data(withJSONObject: [name] + arguments)
            let answer = try judge.answer(to: String(decoding: question, as: UTF8.self))
            guard let parts = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [Any], parts.count == 3,
                let status = parts[0] as? Int, let output = parts[1] as? String, let errors = parts[2] as? String
            else { throw UnexpectedVerdict(answer) }
            idle.withLock { $0.append(judge) }
            return ProgramResult(status: Int32(status), stdout: Array(output.utf8), stderr: errors)
        }
    }

    private static func start() throws -> AnsweringProgram {
        let tools = (try TestServer.shared.psqlPath as NSString).deletingLastPathComponent
        let path = plainEnvironment["PATH"] ?? "/usr/bin:/bin"
        let variables = ["PYTHONDONTWRITEBYTECODE": "1", "PATH": tools.isEmpty ? path : "\(tools):\(path)"]
        return try AnsweringProgram(
            ["python3", "\(packageDirectory)/Tests/EndToEndTests/Judge/answer.py"],
            environment: plainEnvironment.merging(variables) { $1 })
    }
}

extension MemoirDatabase {
    /// The table that keeps the chapters as they were.
    static let copiedChapters = "judge_source"

    /// What the judge says: how many chapters, sections and rejects it found to be as the contract says, or the first
    /// differences.
    func verdict(_ arguments: String...) async throws -> String {
        let result = try await Judge.run("judge.py", ["--dsn", url] + arguments)
        return result.output + result.stderr
    }

    /// What the judge says of all that the three pipelines have made of the chapters that were copied before, whatever
    /// was dropped since.
    func wholeVerdict() async throws -> String {
        try await verdict("--pictures", "--image-ids", "--source", Self.copiedChapters)
    }

    /// What the judge says of the database at any moment of its runs; after their end with `--ended`, and with the hash of
    /// a database where nobody interfered.
    func check(_ arguments: String..., hash: String? = nil) async throws -> String {
        let end = hash.map { ["--ended", "--hash", $0.trimmingCharacters(in: .newlines)] } ?? []
        let result = try await Judge.run(
            "check.py",
            ["--dsn", url, "--source", Self.copiedChapters, "--secret", Self.canary] + end + arguments)
        return result.output + result.stderr
    }

    /// One hash over chapters, sections, pictures, rejects and archives; two runs that end alike have the same. With
    /// its parts, a line for each of them, too; with states, also over how runs, stages and chunks stand.
    func hash(withParts: Bool = false, withStates: Bool = false) async throws -> String {
        let flags = (withParts ? ["--parts"] : []) + (withStates ? ["--states"] : [])
        let result = try await Judge.run("hash.py", ["--dsn", url] + flags)
        guard result.status == 0 else { throw UnexpectedEnd(result) }
        return result.output
    }
}

/// How the judge's verdict ends when nothing differs.
let asContracted = "all as the contract says\n"
