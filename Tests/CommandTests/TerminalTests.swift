import Engine
import Glibc
import Support
import Testing

@testable import etl

@Suite("The terminal")
struct TerminalTests {
    private let failure = CommandFailure(
        .refused, Explanation(summary: "what\nfailed", details: ["one\u{1B}[31m"], next: "etl run a"))

    @Test("results go to stdout, notes and failures to stderr")
    func ends() {
        let ends = Ends()
        let terminal = ends.terminal()
        terminal.result("result")
        terminal.note("note")
        terminal.explain(failure)
        #expect(ends.output == "result\n")
        #expect(ends.errors == "etl: note\netl: what\\nfailed\n  one\\u{1b}[31m\nnext: etl run a\n")
    }

    @Test("--quiet keeps results and failures only")
    func quiet() {
        let ends = Ends()
        let terminal = ends.terminal(isQuiet: true, canRedraw: true)
        terminal.note("note")
        terminal.progressLine("progress")
        terminal.redraw { _ in "progress" }
        RunReporter(terminal).report(.notice("notice"))
        #expect(ends.output.isEmpty && ends.errors.isEmpty)
        terminal.result("result")
        terminal.explain(failure)
        #expect(ends.output == "result\n" && ends.errors.contains("next: etl run a"))
    }

    @Test("--json puts everything on stdout, an object a line")
    func json() {
        let ends = Ends()
        let terminal = ends.terminal(isJSON: true, canRedraw: true)
        terminal.note("n")
        RunReporter(terminal).report(.stageBegan(stage: "s", kind: "sql"))
        terminal.explain(failure)
        #expect(
            ends.output == #"""
                {"event":"notice","text":"n"}
                {"event":"stage-began","stage":"s","kind":"sql"}
                {"event":"ended","code":4,"name":"refused","summary":"what\nfailed","details":["one\u001b[31m"],"next":"etl run a"}

                """#)
        #expect(ends.errors.isEmpty)
    }

    @Test("a line of progress is wiped before anything else is written, whichever end that goes to")
    func wiped() {
        let ends = Ends()
        let terminal = ends.terminal(canRedraw: true, columns: 33)
        terminal.redraw { "width \($0)" }
        terminal.redraw { _ in "again" }
        terminal.note("note")
        terminal.result("result")
        #expect(ends.errors == "\r\u{1B}[Kwidth 33\r\u{1B}[Kagain\r\u{1B}[Ketl: note\n")
    }

    @Test(
        "text from outside can't move the cursor, end a line or turn the direction of writing",
        arguments: [
            ("plain é 章 👩‍👩‍👧", "plain é 章 👩‍👩‍👧"), ("a\nb\r\tc", "a\\nb\\r\\tc"), ("\u{1B}[2J", "\\u{1b}[2J"),
            ("\u{7}\u{7F}\u{9B}1m", "\\u{7}\\u{7f}\\u{9b}1m"), ("\r\n", "\\r\\n"),
            ("a\u{202E}b\u{2066}\u{2028}", "a\\u{202e}b\\u{2066}\\u{2028}"), ("\0", "\\u{0}"),
        ])
    func printable(text: String, shown: String) {
        #expect(Printable.escaped(text) == shown)
    }

    @Test("a pipe whose reader is gone fails nothing")
    func brokenPipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        signal(SIGPIPE, SIG_IGN)
        #expect(!FileOutput.write([1], to: ends[1]))
    }

    @Test("the log gets every event and message, a line each, for its owner only")
    func log() throws {
        try inDirectory { directory in
            let path = directory + "/log"
            try write("before\n", to: path, mode: 0o644)
            let terminal = Ends().terminal(isQuiet: true, log: try LogFile(path: path))
            terminal.note("a\nb")
            RunReporter(terminal).report(.stageFinished(stage: "s", kind: "stream", rows: 10, seconds: 2, wal: 0))
            terminal.explain(failure)
            let lines = try contents(of: path).split(separator: "\n")
            #expect(lines.first == "before")
            #expect(
                lines.dropFirst().map { $0.drop { $0 != " " } } == [
                    " a\\nb", " s: 10 rows in 2.0 s (5 rows/s)", " etl: what\\nfailed", "   one\\u{1b}[31m",
                    " next: etl run a",
                ])
            let stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z .*/
            #expect(try lines.dropFirst().allSatisfy { try stamp.wholeMatch(in: $0) != nil })
            var file = stat()
            #expect(lstat(path, &file) == 0 && file.st_mode & 0o777 == 0o600)
        }
    }

    @Test("a log that is a link, a FIFO or a directory is refused")
    func badLog() throws {
        try inDirectory { directory in
            mkfifo(directory + "/fifo", 0o600)
            symlink(directory + "/target", directory + "/link")
            for name in ["fifo", "link", ".", "missing/log"] {
                let error = #expect(throws: CommandFailure.self) { try LogFile(path: directory + "/" + name) }
                #expect(error?.code == .usage)
            }
            #expect(access(directory + "/target", F_OK) != 0)
        }
    }

    @Test("a full disk under the log is told once and fails nothing")
    func fullDisk() throws {
        try inDirectory { directory in
            // No file may grow, and the streams are pipes; a signal about it would be the shell's choice.
            let script = """
                (trap '' XFSZ; ulimit -f 0; "$0" config --log-file "$1"; echo "status $?") 2>&1 | cat
                """
            let result = try runProgram(
                "sh", arguments: ["-c", script, etlBinary, directory + "/log"],
                environment: plainEnvironment.merging(["DATABASE_URL": "postgresql+psycopg:///x?ssl=require"]) { $1 })
            #expect(result.output.ranges(of: "the log file can't be written to any more").count == 1)
            #expect(result.output.contains("+psycopg") && result.output.contains("max-outage"))
            #expect(result.output.hasSuffix("status 0\n"))
        }
    }
}
