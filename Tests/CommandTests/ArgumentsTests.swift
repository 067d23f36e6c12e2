import Postgres
import Testing

@testable import etl

@Suite("Arguments")
struct ArgumentsTests {
    @Test(
        "a command line is understood",
        arguments: [
            ("list", Command.list),
            ("config", .config),
            ("status", .status(StatusOptions())),
            ("status a", .status(StatusOptions(pipeline: "a"))),
            ("stop a", .stop(pipeline: "a")),
            ("rejects a --limit 5", .rejects(RejectsOptions(pipeline: "a", limit: 5))),
            ("rejects a --export -", .rejects(RejectsOptions(pipeline: "a", export: "-"))),
            ("rejects --export=x=y a", .rejects(RejectsOptions(pipeline: "a", export: "x=y"))),
            ("retry a", .retry(pipeline: "a")),
            ("sandbox start", .sandbox(.start)),
            ("sandbox stop", .sandbox(.stop)),
            ("sandbox url", .sandbox(.url)),
            ("sandbox psql", .sandbox(.psql([]))),
            ("sandbox psql -c x --help -- y", .sandbox(.psql(["-c", "x", "--help", "--", "y"]))),
            ("help", .help(command: nil)),
            ("--help", .help(command: nil)),
            ("-h", .help(command: nil)),
            ("help run", .help(command: "run")),
            ("run --help", .help(command: "run")),
            ("run a --help", .help(command: "run")),
            ("help help", .help(command: nil)),
            ("--version", .version),
            ("run a --version", .version),
        ])
    func understood(line: String, command: Command) throws {
        #expect(try Arguments.parse(words(line)).command == command)
    }

    @Test(
        "an option of run goes where it belongs, with a space or an equals sign",
        arguments: [
            ("a", RunOptions(pipelines: ["a"])),
            ("a b", RunOptions(pipelines: ["a", "b"])),
            ("-- --a", RunOptions(pipelines: ["--a"])),
            ("a --all --join", RunOptions(pipelines: ["a"], withAll: true, join: true)),
            ("a --until s", RunOptions(pipelines: ["a"], until: "s")),
            ("--until=s a", RunOptions(pipelines: ["a"], until: "s")),
            (
                "a --with x --with y",
                RunOptions(pipelines: ["a"], with: [.init(stage: "x"), .init(stage: "y")])
            ),
            ("a b --with b:y", RunOptions(pipelines: ["a", "b"], with: [.init(pipeline: "b", stage: "y")])),
            ("a --workers 256", RunOptions(pipelines: ["a"], work: WorkOptions(workers: 256))),
            ("a --batch-rows 1", RunOptions(pipelines: ["a"], work: WorkOptions(batchRows: 1))),
            ("a --batch-bytes 8MB", RunOptions(pipelines: ["a"], work: WorkOptions(batchBytes: 8_000_000))),
            ("a --batch-bytes 8MiB", RunOptions(pipelines: ["a"], work: WorkOptions(batchBytes: 8 << 20))),
            ("a --batch-bytes=65536", RunOptions(pipelines: ["a"], work: WorkOptions(batchBytes: 65536))),
            ("a --max-rejects 0", RunOptions(pipelines: ["a"], maximumRejects: 0)),
            (
                "a --max-lag 64MiB --max-wal-rate 8MiB",
                RunOptions(pipelines: ["a"], maximumLag: 64 << 20, maximumRate: 8 << 20)
            ),
            ("a --on-existing keep", RunOptions(pipelines: ["a"], onExisting: .keep)),
            ("a --confirm db", RunOptions(pipelines: ["a"], confirm: "db")),
            ("a --accept-rejects 3", RunOptions(pipelines: ["a"], acceptedRejects: [.init(count: 3)])),
            (
                "a b --accept-rejects b=0 --accept-rejects a=7",
                RunOptions(
                    pipelines: ["a", "b"],
                    acceptedRejects: [.init(pipeline: "b", count: 0), .init(pipeline: "a", count: 7)])
            ),
            (
                "a --accept-unmapped x,y --accept-unmapped z",
                RunOptions(pipelines: ["a"], acceptedKeys: ["x", "y", "z"])
            ),
            (#"a --accept-unmapped x\,y,z"#, RunOptions(pipelines: ["a"], acceptedKeys: ["x,y", "z"])),
            (#"a --accept-unmapped x\\,y\z\"#, RunOptions(pipelines: ["a"], acceptedKeys: [#"x\,y\z\"#])),
            (
                "a --no-archive --accept-unmapped=--x",
                RunOptions(pipelines: ["a"], acceptedKeys: ["--x"], noArchive: true)
            ),
        ])
    func runOptions(line: String, options: RunOptions) throws {
        #expect(try Arguments.parse(words("run " + line)).command == .run(options))
    }

    @Test("an option of every command may stand before or behind the command")
    func globalOptions() throws {
        let before = try Arguments.parse(words("--json --quiet --project p --schema s --log-file l list"))
        let after = try Arguments.parse(words("list --json --quiet --project=p --schema=s --log-file=l"))
        #expect(before == after)
        #expect(before.global.isJSON && before.global.isQuiet)
        #expect(before.global.project == "p" && before.global.logFile == "l")
        #expect(before.global.schema == Identifier("s"))
    }

    @Test("seconds may have decimals")
    func seconds() throws {
        let line = "list --connect-timeout 2.5 --statement-timeout 0 --lock-timeout 0.05 --max-outage 86400"
        let stated = try Arguments.parse(words(line)).global.deadlines
        #expect(stated.connect == .milliseconds(2500))
        #expect(stated.statement == .zero)
        #expect(stated.lock == .milliseconds(50))
        #expect(stated.outage == .seconds(86400))
    }

    @Test("the largest document may be stated with a unit")
    func largestDocument() throws {
        #expect(try Arguments.parse(words("list --max-document-bytes 64MiB")).global.documentBytes == 64 << 20)
    }

    private func words(_ line: String) -> [String] {
        line.split(separator: " ").map(String.init)
    }
}
