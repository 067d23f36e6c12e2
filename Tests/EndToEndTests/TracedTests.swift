import Foundation
import Support
import Testing

/// Whether a program's calls to the system can be watched here; a container may forbid it.
private let canTrace: Bool = {
    let result = try? runProgram("strace", arguments: ["-qq", "-e", "trace=execve", "true"])
    return result?.status == 0
}()

extension Behaviour {
    @Suite struct TracedTests {
        /// The calls that begin another program, or that lead to somebody.
        private func calls(_ arguments: [String], on database: MemoirDatabase, project: String) async throws
            -> (status: Int32, lines: [String])
        {
            let scratch = try Scratch()
            let trace = "\(scratch.path)/trace"
            let program = try database.shell(
                "etl=$0; exec strace -f -qq -e trace=execve,execveat,connect,socket,fork,vfork -e signal=none"
                    + " -s 300 -o \(trace) \"$etl\" \"$@\"", arguments + ["--project", project])
            let result = try await program.end()
            let lines = try scratch.text("trace").split(separator: "\n").map(String.init)
            return (result.status, lines.filter { !$0.contains("exited with") })
        }

        @Test(
            "a run of all pipelines begins no other program and speaks with nobody but the database",
            .enabled(if: canTrace, "strace is missing, or may not watch here"))
        func wholeRun() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 40, key: .uuid, bad: 0))
            // What a shell, a template or a URL would make something of.
            let project = try Project.copied()
            try project.append(
                "\n-- $(touch made) `touch made` ${HOME} %(x)s https://example.test/\n",
                to: "sql/add_chapter_sections.sql")
            let command = ["run"] + Workflow.pipelines + ["--workers", "2", "--batch-rows", "10"]
            let (status, lines) = try await calls(command, on: database, project: project.path)
            #expect(status == 0)
            #expect(lines.count { $0.contains("exec") } == 1, "\(lines.filter { $0.contains("exec") })")
            #expect(!lines.contains { $0.contains("fork(") })
            #expect(lines.filter { $0.contains("socket(") }.allSatisfy { $0.contains("socket(AF_UNIX") })
            // Where users are looked up may be a service of this machine.
            let connections = lines.filter { $0.contains("connect(") && !$0.contains("/nscd/socket") }
            #expect(connections.count > 3)
            #expect(
                connections.allSatisfy { $0.contains("AF_UNIX") && $0.contains("/.s.PGSQL.5432\"") }, "\(connections)")
        }

        @Test(
            "a script with what psql or a shell would run is refused, and nothing is run",
            .enabled(if: canTrace, "strace is missing, or may not watch here"),
            arguments: [
                "\\! touch made", "\\i other.sql", "select 1 \\g | touch made", "\\copy t from program 'touch made'",
            ])
        func refused(line: String) async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 3))
            let project = try Project.copied()
            try project.append("\n\(line)\n", to: "sql/add_chapter_sections.sql")
            let (status, lines) = try await calls(["run", "chapter-sections"], on: database, project: project.path)
            #expect(status == 2)
            #expect(lines.count == 1 && lines[0].contains("execve("), "\(lines)")
        }
    }
}
