import Foundation
import Support
import Testing

/// A user of the machine who keeps a sandbox of their own. Root becomes `nobody`, because root's sandbox has one place
/// on the machine, which is not the tests' to use.
final class SandboxUser: Sendable {
    private let scratch: Scratch
    private let program: [String]

    init() throws {
        scratch = try Scratch()
        program = Self.program
        if geteuid() == 0 {
            try FileManager.default.setAttributes(
                [.ownerAccountID: 65534, .groupOwnerAccountID: 65534], ofItemAtPath: scratch.path)
        }
    }

    deinit {
        _ = try? start("sandbox", "stop").wait()
    }

    /// How the program is started as that user.
    private static var program: [String] {
        geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", etlBinary] : [etlBinary]
    }

    /// Whether that user can start the program at all: a build below a closed home directory is root's alone.
    static let exists: Bool = {
        let words = program + ["--version"]
        return (try? runProgram(words[0], arguments: Array(words.dropFirst())).status) == 0
    }()

    private func start(_ words: String..., variables: [String: String] = [:]) throws -> RunningProgram {
        try start(words, variables: variables)
    }

    /// Starts the program as that user.
    func start(_ words: [String], variables: [String: String] = [:]) throws -> RunningProgram {
        let command = program + words
        let environment = plainEnvironment.merging(["XDG_STATE_HOME": scratch.path]) { $1 }
            .merging(variables) { $1 }
        return try RunningProgram(
            command[0], arguments: Array(command.dropFirst()), environment: environment, directory: packageDirectory)
    }

    /// Runs the program as that user.
    func etl(_ words: String..., variables: [String: String] = [:]) async throws -> ProgramResult {
        try await start(words, variables: variables).end()
    }
}

extension Behaviour {
    @Suite(.enabled(if: SandboxUser.exists, "a plain user cannot start the program from where it was built"))
    struct SandboxTests {
        @Test("sandbox: url says that it is down, psql starts it, stop keeps its data")
        func life() async throws {
            let user = try SandboxUser()
            let down = try await user.etl("sandbox", "url")
            #expect(down.status == 1 && down.stderr.hasSuffix("next: etl sandbox start\n"))
            let made = try await user.etl("sandbox", "psql", "-XAtqc", "create table kept as select 7 as n")
            #expect(made.status == 0, "\(made.stderr)")
            let url = try await user.etl("sandbox", "url")
            #expect(url.status == 0 && url.output.hasPrefix("postgresql:///postgres?host="))
            #expect(try await user.etl("sandbox", "start").output == url.output)
            #expect(try await user.etl("sandbox", "stop").status == 0)
            #expect(try await user.etl("sandbox", "stop").status == 0)
            #expect(try await user.etl("sandbox", "url").status == 1)
            let again = try await user.etl("sandbox", "psql", "-XAtc", "table kept", variables: ["PGHOST": "/nowhere"])
            #expect(again.status == 0 && again.output == "7\n", "\(again.stderr)")
        }

        @Test("6: a server that goes away during a run and stays away; when it is back, the run goes on")
        func outage() async throws {
            let user = try SandboxUser()
            let started = try await user.etl("sandbox", "start")
            let url = started.output.trimmingCharacters(in: .newlines)
            let sql = try await Judge.run("generate.py", Chapters(rows: 4000, bad: 0).arguments)
            let load = try await blocking {
                try runProgram("psql", arguments: ["-Xq", "-d", url, "-f", "-"], input: sql.stdout)
            }
            #expect(load.status == 0, "\(load.stderr)")
            let command = ["run", "chapter-sections", "--batch-rows", "2", "--max-outage", "1"]
            let run = try user.start(command, variables: ["DATABASE_URL": url])
            let isMoving = try await eventually {
                let done = "select count(*) from etl.chunks where state = 'done'"
                return (Int(try await psql(url, done)) ?? 0) > 3
            }
            #expect(isMoving)
            #expect(try await user.etl("sandbox", "stop").status == 0)
            let end = try await run.timedEnd()
            #expect(end.result.status == 6 && end.seconds < 20, "\(end.result.stderr)")
            #expect(
                end.result.stderr.hasSuffix(
                    "next: when the server answers again, go on with: etl run chapter-sections\n"))
            #expect(try await user.etl("sandbox", "start").output == started.output)
            let rest = try await user.etl("run", "chapter-sections", variables: ["DATABASE_URL": url])
            #expect(rest.status == 0 && rest.stderr.contains("goes on where it stopped"), "\(rest.stderr)")
            let verdict = try await Judge.run("judge.py", ["--dsn", url])
            #expect(verdict.output.hasSuffix(asContracted), "\(verdict.output)")
        }

        private func psql(_ url: String, _ sql: String) async throws -> String {
            try await blocking { try runProgram("psql", arguments: ["-XAtqd", url, "-c", sql]).output }
                .trimmingCharacters(in: .newlines)
        }
    }
}
