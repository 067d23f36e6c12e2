import Testing

@testable import etl

@Suite("Tones and painting")
struct TonedLineTests {
    private let line: TonedLine = "\("p"): \("failed", .bad) (\(7)\n)"

    @Test("a terminal gets a colour for each tone, everything else gets none")
    func colours() {
        #expect(line.plain == "p: failed (7\\n)")
        #expect(line.shown(inColour: false) == line.plain)
        #expect(line.shown(inColour: true) == "p: \u{1B}[1;31mfailed\u{1B}[0m (7\\n)")
    }

    @Test("what is cut keeps its tones and no half of a wide character")
    func cut() {
        #expect(line.cut(to: 5).shown(inColour: true) == "p: \u{1B}[1;31mfa\u{1B}[0m")
        #expect(TonedLine("作者").cut(to: 3).plain == "作" && TonedLine("ab").cut(to: 9).plain == "ab")
    }

    @Test(
        "colours are for terminals that are not dumb, while NO_COLOR says nothing",
        arguments: [
            (["TERM": "xterm"], true), (["TERM": "xterm", "NO_COLOR": ""], true),
            (["TERM": "xterm", "NO_COLOR": "0"], false), (["TERM": "dumb"], false), ([:], false),
        ] as [([String: String], Bool)])
    func environment(variables: [String: String], hasColour: Bool) {
        func style(isJSON: Bool = false, isTerminal: Bool) -> Terminal.Style {
            .init(
                isJSON: isJSON, isQuiet: false, environment: ProcessEnvironment(variables),
                isTerminal: { _ in isTerminal })
        }
        let terminal = style(isTerminal: true)
        #expect(terminal.coloursResults == hasColour && terminal.coloursMessages == hasColour)
        #expect(terminal.canRepaint == (variables["TERM"] == "xterm"))
        for other in [style(isJSON: true, isTerminal: true), style(isTerminal: false)] {
            #expect(!other.coloursResults && !other.coloursMessages)
        }
    }

    @Test("results and problems are coloured, the log and what programs get are not")
    func terminal() throws {
        try inDirectory { directory in
            let ends = Ends()
            let terminal = ends.terminal(inColour: true, log: try LogFile(path: directory + "/log"))
            terminal.result(line)
            terminal.explain(CommandFailure(.failed, Explanation(summary: "s", next: "n")))
            terminal.conclude("c")
            #expect(ends.output == "p: \u{1B}[1;31mfailed\u{1B}[0m (7\\n)\n")
            #expect(ends.errors == "\u{1B}[1;31metl:\u{1B}[0m s\nnext: n\n\u{1B}[33metl:\u{1B}[0m c\n")
            #expect(try !contents(of: directory + "/log").contains("\u{1B}"))
        }
    }

    @Test("what is painted is cut to the window, unless it is the last")
    func painting() {
        let lines = (1...9).map { TonedLine("line \($0) of many") }
        let cut = Painting(lines, size: WindowSize(columns: 8, rows: 4), isWhole: false)
        #expect(cut.rows == 3)
        #expect(
            String(decoding: cut.bytes(over: 2, inColour: false), as: UTF8.self)
                == "\u{1B}[2Fline 1 \u{1B}[K\nline 2 \u{1B}[K\n… and 7\u{1B}[K\n\u{1B}[J")
        #expect(Painting(lines, size: WindowSize(columns: 8, rows: 4), isWhole: true).rows == 9)
    }

    @Test("a message between two paintings stays, and the next one begins below it")
    func interrupted() {
        let ends = Ends()
        let terminal = ends.terminal(canRedraw: true, canRepaint: true)
        terminal.repaint(["one"], isLast: false)
        terminal.repaint(["two", "three"], isLast: false)
        terminal.note("note")
        terminal.repaint(["four"], isLast: false)
        terminal.redraw { _ in "progress" }
        terminal.repaint(["five"], isLast: true)
        terminal.repaint(["six"], isLast: false)
        let text = ends.output.replacing("\u{1B}[K\n", with: "|").replacing("\u{1B}[J", with: ";")
        #expect(text == "one|;\u{1B}[1Ftwo|three|;four|;five|;six|;")
        #expect(ends.errors == "etl: note\n\r\u{1B}[Kprogress\r\u{1B}[K")
    }
}
