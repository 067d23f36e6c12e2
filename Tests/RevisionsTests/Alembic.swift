import Foundation
import Support
import Testing

/// The real Alembic, in a virtual environment of its own that is made once for each run of the tests.
enum Alembic {
    /// The Python that has it; nil where it cannot be installed. `ETL_ALEMBIC_PYTHON` names one that is there.
    static let python: String? = {
        if let stated = ProcessInfo.processInfo.environment["ETL_ALEMBIC_PYTHON"] { return stated }
        let directory = NSTemporaryDirectory() + "etl-alembic-\(ProcessInfo.processInfo.processIdentifier)"
        atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "etl-alembic-\(getpid())") }
        let isMade = succeeds("python3", ["-m", "venv", directory])
        let python = directory + "/bin/python"
        let install = [
            "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--no-compile",
            "alembic>=1.18,<2",
        ]
        guard isMade, succeeds(python, install) else { return nil }
        return python
    }()

    /// Its answers to cases.
    static func answers(to cases: [GraphCase]) throws -> [Answers] {
        let script = try #require(Bundle.module.path(forResource: "plans", ofType: "py", inDirectory: "Alembic"))
        let encoder = JSONEncoder()
        var input: [UInt8] = []
        for each in cases { input += try encoder.encode(each) + Data("\n".utf8) }
        let result = try runProgram(try #require(python), arguments: [script], input: input)
        try #require(result.status == 0, "\(result.stderr)")
        return try result.stdout.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Answers.self, from: Data($0))
        }
    }

    private static func succeeds(_ program: String, _ arguments: [String]) -> Bool {
        (try? runProgram(program, arguments: arguments))?.status == 0
    }

    /// What it says about one graph.
    struct Answers: Decodable {
        var problem: String?
        /// Whether the order of steps is always the same.
        var ordered: Bool?
        var answers: [Answer]?
    }

    /// What it says to one question.
    struct Answer: Decodable {
        var steps: [String]?
        var heads: [String]?
        var error: String?
        var text: String?
    }
}
