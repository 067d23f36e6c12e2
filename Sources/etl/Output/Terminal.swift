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
    }

    let style: Style
    private let log: LogFile?
    private let output: @Sendable ([UInt8]) -> Void
    private let errors: @Sendable ([UInt8]) -> Void
    private let columnsNow: @Sendable () -> Int
    /// Columns of the line that stands on the terminal and will be drawn over; also keeps writers apart.
    private let standing = Mutex(false)

    /// A terminal whose ends are given; tests read what arrives there.
    init(
        style: Style, log: LogFile? = nil, columns: @escaping @Sendable () -> Int = { 80 },
        output: @escaping @Sendable ([UInt8]) -> Void, errors: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.style = style
        self.log = log
        self.columnsNow = columns
        self.output = output
        self.errors = errors
    }

    /// The terminal of this process.
    convenience init(isJSON: Bool, isQuiet: Bool, term: String?, log: LogFile?) {
        // A reader that goes away must not end a run: writing then fails, which is ignored.
        signal(SIGPIPE, SIG_IGN)
        let canRedraw = isatty(STDERR_FILENO) == 1 && term != nil && term != "dumb"
        self.init(
            style: Style(isJSON: isJSON, isQuiet: isQuiet, canRedraw: canRedraw), log: log,
            columns: Self.columnsOfStderr, output: { _ = FileOutput.write($0, to: STDOUT_FILENO) },
            errors: { _ = FileOutput.write($0, to: STDERR_FILENO) })
    }

    /// A result, as a line on stdout.
    func result(_ line: String) {
        writeLog(line)
        write(line, to: output)
    }

    /// A result or an event for programs, as one line on stdout.
    func result(_ value: JSONValue) {
        write(value.text(pretty: false), to: output)
    }

    /// Something to know that is no result and no error; `--quiet` silences it.
    func note(_ line: String) {
        writeLog(line)
        guard !style.isQuiet else { return }
        if style.isJSON {
            result(.object([("event", .string("notice")), ("text", .string(line))]))
        } else {
            write("etl: " + Printable.escaped(line), to: errors)
        }
    }

    /// Why the command ends with a code other than 0 though it did its work, and what to do: said even when quiet.
    func conclude(_ line: String) {
        writeLog(line)
        if !style.isJSON { write("etl: " + Printable.escaped(line), to: errors) }
    }

    /// Why the command did not end with 0.
    func explain(_ failure: CommandFailure) {
        for line in failure.explanation.lines { writeLog(line) }
        if style.isJSON {
            result(failure.explanation.json(failure.code))
        } else {
            for line in failure.explanation.lines { write(line, to: errors) }
        }
    }

    /// A line of progress for a pipe or a log, on stderr.
    func progressLine(_ line: String) {
        guard !style.isQuiet, !style.isJSON else { return }
        write(line, to: errors)
    }

    /// Draws a line over the one that stands there; `make` gets the width of the terminal at this moment.
    func redraw(_ make: (_ columns: Int) -> String) {
        guard style.canRedraw, !style.isQuiet, !style.isJSON else { return }
        let line = make(columnsNow())
        standing.withLock { standing in
            errors(Array(("\r\u{1B}[K" + line).utf8))
            standing = true
        }
    }

    /// Appends to the log file only.
    func writeLog(_ line: String) {
        guard let log, !log.append(line) else { return }
        write("etl: the log file can't be written to any more; the work goes on", to: errors)
    }

    private func write(_ line: String, to end: @Sendable ([UInt8]) -> Void) {
        standing.withLock { standing in
            if standing { errors(Array("\r\u{1B}[K".utf8)) }
            standing = false
            end(Array((line + "\n").utf8))
        }
    }

    @Sendable private static func columnsOfStderr() -> Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return 0 }
        return Int(size.ws_col)
    }
}
