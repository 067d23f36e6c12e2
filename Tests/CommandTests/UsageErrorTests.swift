import Testing

@testable import etl

@Suite("Usage errors")
struct UsageErrorTests {
    @Test(
        "a command line that is not understood says what to write",
        arguments: [
            ("", "no command was given"),
            ("rnu", "there is no command “rnu”; did you mean run?"),
            ("xyzzy", "there is no command “xyzzy”"),
            ("help rejets", "there is no command “rejets”; did you mean rejects?"),
            ("help run list", "etl help takes no argument number 2"),
            ("run", "etl run needs PIPELINE"),
            ("run a a", "the pipeline “a” was named twice"),
            ("rejects", "etl rejects needs PIPELINE"),
            ("rejects a b", "etl rejects takes no argument number 2"),
            ("list a", "etl list takes no argument number 1"),
            ("sandbox", "etl sandbox needs start|stop|url|psql"),
            ("sandbox strat", "etl sandbox can't do “strat”; did you mean start?"),
            ("sandbox stop now", "etl sandbox takes no argument number 2"),
            ("run a --worker 3", "etl run has no option “--worker”; did you mean --workers?"),
            ("list --workers 3", "etl list has no option “--workers”"),
            ("--jsn list", "etl has no option “--jsn”; did you mean --json?"),
            ("list -x", "etl list has no option “-x”"),
            ("run a --until", "--until needs a value"),
            ("run a --until --join", "--until needs a value"),
            ("run a --until=", "--until needs a value that is not empty"),
            ("run a --join=yes", "--join takes no value"),
            ("run a --until x --until y", "--until was stated twice"),
            ("run a --workers 0", "--workers takes a number from 1 to 256"),
            ("run a --workers -1", "--workers takes a number from 1 to 256"),
            ("run a --workers +1", "--workers takes a number from 1 to 256"),
            ("run a --workers 1_0", "--workers takes a number from 1 to 256"),
            ("run a --workers ten", "--workers takes a number from 1 to 256"),
            ("run a --workers 10000", "--workers takes a number from 1 to 256"),
            ("run a --workers 99999999999999999999", "--workers takes a number from 1 to 256"),
            ("run a --batch-rows 1000000001", "--batch-rows takes a number from 1 to 1000000"),
            (
                "run a --batch-bytes 8XB",
                "--batch-bytes takes a number from 1024 to 1073741824 bytes (8388608, 8MB and 8MiB are understood)"
            ),
            (
                "run a --batch-bytes 99999999999GB",
                "--batch-bytes takes a number from 1024 to 1073741824 bytes (8388608, 8MB and 8MiB are understood)"
            ),
            ("list --lock-timeout 1e3", "--lock-timeout takes seconds from 0 to 600, for instance 2 or 0.5"),
            (
                "list --connect-timeout 0.5",
                "--connect-timeout takes seconds from 1 to 600, for instance 2 or 0.5"
            ),
            (
                "list --connect-timeout 600.001",
                "--connect-timeout takes seconds from 1 to 600, for instance 2 or 0.5"
            ),
            ("run a --on-existing kep", "--on-existing takes one of stop, keep, replace; did you mean keep?"),
            (
                "run a --accept-rejects -3",
                "--accept-rejects takes N or PIPELINE=N, where N is a whole number"
            ),
            (
                "run a --accept-rejects a=",
                "--accept-rejects takes N or PIPELINE=N, where N is a whole number"
            ),
            ("run a b --accept-rejects 3", "--accept-rejects does not say which of the pipelines it means"),
            ("run a --accept-rejects 3 --accept-rejects 3", "--accept-rejects was stated twice"),
            ("run a b --accept-rejects a=3 --accept-rejects a=4", "--accept-rejects was stated twice"),
            ("run a --accept-rejects b=3", "--accept-rejects names a pipeline that is not among those to run"),
            ("run a --with c:x", "--with names a pipeline that is not among those to run"),
            ("run a b --with x", "--with does not say which of the pipelines it means"),
            ("run a --accept-unmapped x,,y", "--accept-unmapped needs a value that is not empty"),
        ])
    func summary(line: String, summary: String) {
        #expect(throws: CommandFailure(.usage, Explanation(summary: summary, next: ""))) {
            do throws(UsageError) {
                _ = try Arguments.parse(line.split(separator: " ").map(String.init))
            } catch {
                throw CommandFailure(.usage, Explanation(summary: Explanation(error).summary, next: ""))
            }
        }
    }

    @Test(
        "the next command explains the option that was misused",
        arguments: [("run", "etl run --help"), ("list", "etl --help")])
    func nextCommand(command: String, next: String) {
        let words = command == "run" ? ["run", "a", "--workers", "0"] : ["list", "--lock-timeout", "x"]
        let error = #expect(throws: UsageError.self) { try Arguments.parse(words) }
        #expect(error.map { Explanation($0).next } == next)
    }

    @Test("a name that no database object can have is refused")
    func names() {
        let long = String(repeating: "x", count: 64)
        #expect(throws: UsageError.option("schema", .badValue(.notAName))) {
            try Arguments.parse(["list", "--schema", long])
        }
    }

    @Test(
        "a password on the command line is refused and never repeated",
        arguments: [
            ["--database-url", "postgresql://u:S3cr3t@h/db", "list"],
            ["--database-url=postgresql://u:S3cr3t@h/db", "list"],
            ["list", "postgres://:S3cr3t@/db"],
            ["postgres://u:S3cr3t@h/db"],
            ["run", "a", "--until", "mysql://u:S3cr3t@h/db"],
            ["--database-url", "postgres://u:S3c/r3t@h/db", "list"],
            ["--database-url", "postgres://u:S3c@r3t@h/db", "list"],
            ["--database-url", "postgres://h/db?user=u&password=S3cr3t", "list"],
            ["--database-url", "postgres://h/db?sslpassword=S3cr3t", "list"],
            ["--database-url", "u:S3cr3t@h/db", "list"],
            ["--database-url", "host=h password=S3cr3t", "list"],
            ["PGPASSWORD=S3cr3t", "list"],
            ["list", "--password", "S3cr3t"],
            ["list", "--password=S3cr3t"],
            ["run", "a", "--pgpassword", "S3cr3t"],
            ["sandbox", "psql", "postgres://u:S3cr3t@h/db"],
        ])
    func passwords(words: [String]) {
        let error = #expect(throws: UsageError.self) { try Arguments.parse(words) }
        guard case .passwordInArguments = error else {
            Issue.record("understood as \(String(describing: error))")
            return
        }
        let said = error.map { Explanation($0).lines.joined() } ?? ""
        #expect(!said.contains("S3c") && !said.contains("r3t"))
        #expect(said.contains(".pgpass") && said.contains("DATABASE_URL"))
    }

    @Test(
        "a word that could hold a secret is not repeated in a usage error",
        arguments: [
            ["S3cr3t@host"], ["--S3cr3t/x", "list"], ["list", "S3cr3t:S3cr3t"],
            ["run", "a", "--workers", "S3cr3t"],
            ["run", "a", "--on-existing", "S3cr3t"], ["list", "--lock-timeout", "S3cr3t"],
            ["run", "a", "--batch-bytes=S3cr3t"], ["list", "--json=S3cr3t"], ["list", "--unknown=S3cr3t"],
            ["sandbox", "\u{1B}[31mS3cr3t"],
        ])
    func noEcho(words: [String]) {
        let error = #expect(throws: UsageError.self) { try Arguments.parse(words) }
        #expect(error.map { Explanation($0).lines.joined().contains("S3cr3t") } == false)
    }
}
