import Foundation
import Support
import Testing

@Suite struct SupportTests {
    @Test("a program gets its input, environment and directory, and gives its output, errors and code")
    func program() throws {
        let result = try runProgram(
            "/bin/sh", arguments: ["-c", "cat; echo $GREETING; pwd; echo oops >&2; exit 7"],
            environment: ["GREETING": "hello", "PATH": "/usr/bin:/bin"], input: Array("in\n".utf8), directory: "/usr")
        #expect(result.output == "in\nhello\n/usr\n")
        #expect(result.stderr == "oops\n")
        #expect(result.status == 7)
    }

    @Test("megabytes both ways block nobody")
    func largeStreams() throws {
        let input = [UInt8](repeating: UInt8(ascii: "x"), count: 5_000_000)
        let result = try runProgram("cat", input: input)
        #expect(result.stdout == input)
    }

    @Test("a program that a signal ends says so as a shell does")
    func signals() async throws {
        let program = try RunningProgram("sleep", arguments: ["60"])
        #expect(program.isRunning)
        program.kill(SIGTERM)
        #expect(await eventually { !program.isRunning })
        #expect(program.wait().status == 128 + SIGTERM)
    }

    @Test("what a program wrote so far can be read while it runs")
    func runningOutput() async throws {
        let program = try RunningProgram("/bin/sh", arguments: ["-c", "echo ready; exec sleep 60"])
        #expect(await eventually { program.outputSoFar == "ready\n" })
        #expect(program.isRunning)
    }

    @Test("databases made at once are separate")
    func databases() async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await blocking {
                        let database = try TestServer.shared.database()
                        return try database.psql(
                            "create table t (); select count(*) from pg_tables where tablename = 't'")
                    }
                }
            }
            for try await count in group { #expect(count == "1") }
        }
    }

    @Test("a database has the encoding that a test asks for")
    func encodings() throws {
        let database = try TestServer.shared.database(encoding: "LATIN1")
        #expect(try database.psql("show server_encoding") == "LATIN1")
    }

    @Test("a database is dropped when the test is done with it")
    func dropped() async throws {
        let name = try TestServer.shared.database().name
        let observer = try TestServer.shared.database()
        #expect(
            try await eventually {
                try observer.psql("select count(*) from pg_database where datname = '\(name)'") == "0"
            })
    }

    @Test("a statement that fails is an error that quotes the server")
    func failure() throws {
        let database = try TestServer.shared.database()
        let error = #expect(throws: PsqlFailure.self) { try database.psql("select no_such_column") }
        #expect(error?.description.contains("no_such_column") == true)
    }

    @Test("the built program is beside the tests")
    func binary() {
        #expect(FileManager.default.isExecutableFile(atPath: etlBinary))
    }
}
