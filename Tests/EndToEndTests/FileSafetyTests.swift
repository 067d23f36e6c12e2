import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct FileSafetyTests {
        @Test(
            "files are their owner's alone with any umask, and one that lay open is closed", arguments: ["000", "777"])
        func modes(mask: String) async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 20, bad: 0.3))
            let scratch = try Scratch()
            for name in ["log", "open"] {
                if name == "open" {
                    try "mine\n".write(toFile: "\(scratch.path)/open", atomically: false, encoding: .utf8)
                    try FileManager.default.setAttributes(
                        [.posixPermissions: 0o666], ofItemAtPath: "\(scratch.path)/open")
                }
                let program = try database.shell(
                    "umask \(mask); exec \"$0\" \"$@\"",
                    ["run", "chapter-sections", "--log-file", "\(scratch.path)/\(name)"])
                #expect(try await program.end().status == 3)
                #expect(try scratch.mode(name) == 0o600)
            }
            #expect(try scratch.text("open").hasPrefix("mine\n2"))
        }

        @Test("no link is followed: what it leads to stays as it is, and is not made where it is not there")
        func links() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 20, bad: 0.3))
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            let scratch = try Scratch()
            try "theirs".write(toFile: "\(scratch.path)/victim", atomically: false, encoding: .utf8)
            for (name, leadsTo) in [("link", "victim"), ("dangling", "nothing"), ("loop", "loop")] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(scratch.path)/\(name)", withDestinationPath: "\(scratch.path)/\(leadsTo)")
                let path = "\(scratch.path)/\(name)"
                let log = try await database.etl("status", "--log-file", path)
                #expect(log.status == 2 && log.stderr.contains("the log file can't be used"), "\(log.stderr)")
                let export = try await database.etl("rejects", "chapter-sections", "--export", path)
                #expect([1, 2].contains(export.status), "\(export.stderr)")
            }
            #expect(try scratch.text("victim") == "theirs")
            #expect(try scratch.names == ["dangling", "link", "loop", "victim"])
        }

        @Test("a pipe, a device and a directory are no log files, and nobody waits for a pipe's reader")
        func otherKinds() async throws {
            let scratch = try Scratch()
            mkfifo("\(scratch.path)/pipe", 0o600)
            for path in ["\(scratch.path)/pipe", "/dev/null", "/dev/full", scratch.path] {
                let result = try await RunningProgram(
                    etlBinary, arguments: ["list", "--log-file", path], environment: plainEnvironment,
                    directory: packageDirectory
                ).end()
                #expect(result.status == 2 && result.stderr.contains("the log file can't be used"), "\(path)")
            }
        }
    }
}
