import Glibc
import JSON
import Synchronization

/// Where results and messages go: results to stdout, everything else to stderr, and all of it to the log.
///
/// Nothing that happens at the other end (a closed pipe, a full disk) fails a command or ends a run.
final class Terminal: Sendable {
    /// How much is said, and in which form.
    struct Style: Sendable, Equatable {
        var isJSON = false
        var isQuiet = false
        /// Whether stderr is a terminal on which a line can be drawn again.
        var canRedraw = false
        /// Whether stdout is a terminal on which lines can be drawn again.
        var canRepaint = false
        /// Whether results may have colours.
        var coloursResults = false
        /// Whether messages may have colours.
        var coloursMessages = false
    }

    /// What stands on the terminal and will be drawn over.
    private enum Standing {
        case nothing
        /// A line on stderr, the cursor behind it.
        case line
        /// So many lines on stdout, the cursor below them.
        case block(rows: Int)
    }

    let style: Style
    private let log: LogFile?
    private let output: @Sendable ([UInt8]) -> Void
    private let errors: @Sendable ([UInt8]) -> Void
    /// The size of the terminal behind a descriptor at this moment.
    private let sizeNow: @Sendable (Int32) -> WindowSize
    /// Also keeps writers apart.
    private let standing = Mutex(Standing.nothing)

    /// A terminal whose ends are given; tests read what arrives there.
    init(
        style: Style, log: LogFile? = nil, size: @escaping @Sendable (Int32) -> WindowSize = { _ in WindowSize() },
        output: @escaping @Sendable ([UInt8]) -> Void, errors: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.style = style
        self.log = log
        self.sizeNow = size
        self.output = output
        self.errors = errors
    }

    /// The terminal of this process.
    convenience init(isJSON: Bool, isQuiet: Bool, environment: ProcessEnvironment, log: LogFile?) {
        // A reader that goes away must not end a run: writing then fails, which is ignored.
        signal(SIGPIPE, SIG_IGN)
        let style = Style(
            isJSON: isJSON, isQuiet: isQuiet, environment: environment, isTerminal: { isatty($0) == 1 })
        self.init(
            style: style, log: log, size: { WindowSize(of: $0) ?? WindowSize() },
            output: { _ = FileOutput.write($0, to: STDOUT_FILENO) },
            errors: { _ = FileOutput.write($0, to: STDERR_FILENO) })
    }

    /// A result, as a line on stdout; whatever would end or leave the line is escaped.
    func result(_ line: String) {
        writeLog(line)
        write(Printable.escaped(line), to: output)
    }

    /// A result whose words may have colours, as a line on stdout.
    func result(_ line: TonedLine) {
        writeLog(line.plain)
        write(line.shown(inColour: style.coloursResults), to: output)
    }

    /// A result that another program is to read as it is: nothing is escaped in it.
    func script(_ text: String) {
        writeLog("a script of \(text.utf8.count) bytes")
        write(text, to: output)
    }

    /// A result for programs, as one line on stdout.
    func result(_ value: JSONValue) {
        let line = Printable.escapedJSON(value.text(pretty: false))
        writeLog(line)
        write(line, to: output)
    }

    /// What the log has in words already, or is not to have: for programs, as one line on stdout.
    func tell(_ value: JSONValue) {
        write(Printable.escapedJSON(value.text(pretty: false)), to: output)
    }

    /// Something to know that is no result and no error; `--quiet` silences it.
    func note(_ line: String) {
        writeLog(line)
        guard !style.isQuiet else { return }
        if style.isJSON {
            tell(.object([("event", .string("notice")), ("text", .string(line))]))
        } else {
            write("etl: " + Printable.escaped(line), to: errors)
        }
    }

    /// Why the command ends with a code other than 0 though it did its work, and what to do: said even when quiet.
    func conclude(_ line: String) {
        writeLog(line)
        guard !style.isJSON else { return }
        let toned: TonedLine = "\("etl:", .caution) \(line)"
        write(toned.shown(inColour: style.coloursMessages), to: errors)
    }

    /// Why the command did not end with 0.
    func explain(_ failure: CommandFailure) {
        let lines = failure.explanation.tonedLines
        for line in lines { writeLog(line.plain) }
        if style.isJSON {
            tell(failure.explanation.json(failure.code))
        } else {
            for line in lines { write(line.shown(inColour: style.coloursMessages), to: errors) }
        }
    }

    /// A line of progress for a pipe or a log, on stderr.
    func progressLine(_ line: String) {
        guard !style.isQuiet, !style.isJSON else { return }
        write(Printable.escaped(line), to: errors)
    }

    /// Draws a line over the one that stands there; `make` gets the width of the terminal at this moment.
    func redraw(_ make: (_ columns: Int) -> String) {
        guard style.canRedraw, !style.isQuiet, !style.isJSON else { return }
        let line = make(sizeNow(STDERR_FILENO).columns)
        standing.withLock { standing in
            errors(Array(("\r\u{1B}[K" + line).utf8))
            standing = .line
        }
    }

    /// Draws lines of results over those that stand there. Unless they are the last, they are cut to what the terminal
    /// shows at this moment: a line that wraps could not be drawn over.
    func repaint(_ lines: [TonedLine], isLast: Bool) {
        let painting = Painting(lines, size: sizeNow(STDOUT_FILENO), isWhole: isLast)
        standing.withLock { standing in
            switch standing {
            case .nothing: output(painting.bytes(over: 0, inColour: style.coloursResults))
            case .block(let rows): output(painting.bytes(over: rows, inColour: style.coloursResults))
            case .line:
                errors(Array("\r\u{1B}[K".utf8))
                output(painting.bytes(over: 0, inColour: style.coloursResults))
            }
            standing = isLast ? .nothing : .block(rows: painting.rows)
        }
    }

    /// How wide a line of results may be: as the terminal that they go to, or 120 columns.
    var resultColumns: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 120 }
        return Int(size.ws_col)
    }

    /// Appends to the log file only.
    func writeLog(_ line: String) {
        guard let log, !log.append(line) else { return }
        write("etl: the log file can't be written to any more; the work goes on", to: errors)
    }

    private func write(_ line: String, to end: @Sendable ([UInt8]) -> Void) {
        standing.withLock { standing in
            if case .line = standing { errors(Array("\r\u{1B}[K".utf8)) }
            standing = .nothing
            end(Array((line + "\n").utf8))
        }
    }
}

extension Terminal.Style {
    /// The style for a process: what its streams are (`isTerminal` by descriptor), and what its user wants.
    ///
    /// `NO_COLOR` with any value turns colours off, as does a terminal that says it is dumb.
    init(isJSON: Bool, isQuiet: Bool, environment: ProcessEnvironment, isTerminal: (Int32) -> Bool) {
        let term = environment.value("TERM")
        let canDraw = term != nil && term != "" && term != "dumb"
        let wantsColour = (environment.value("NO_COLOR") ?? "").isEmpty && !isJSON
        let (isOutput, isErrors) = (canDraw && isTerminal(STDOUT_FILENO), canDraw && isTerminal(STDERR_FILENO))
        self.init(
            isJSON: isJSON, isQuiet: isQuiet, canRedraw: isErrors, canRepaint: isOutput,
            coloursResults: isOutput && wantsColour, coloursMessages: isErrors && wantsColour)
    }
}
