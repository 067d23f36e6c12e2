import Engine
import Synchronization
import Testing

@testable import etl

@Suite("Reporting a run")
struct RunReporterTests {
    /// A clock that a test sets.
    private final class Clock: Sendable {
        private let moment = Mutex(0.0)
        func set(_ seconds: Double) { moment.withLock { $0 = seconds } }
        var now: Double { moment.withLock { $0 } }
    }

    @Test("on a terminal the line is drawn at most ten times a second")
    func redraw() {
        let (ends, clock) = (Ends(), Clock())
        let reporter = RunReporter(ends.terminal(canRedraw: true), now: { clock.now })
        for hundredth in 0..<100 {
            clock.set(Double(hundredth) / 100)
            reporter.report(.progress(progress(Double(hundredth) / 100)))
        }
        let drawn = ends.errors.components(of: "\r\u{1B}[K")
        #expect((9...10).contains(drawn))
    }

    @Test("in a pipe a plain line comes at once and then every five seconds")
    func plain() {
        let (ends, clock) = (Ends(), Clock())
        let reporter = RunReporter(ends.terminal(), now: { clock.now })
        for second in 0...20 {
            clock.set(Double(second))
            reporter.report(.progress(progress(Double(second))))
        }
        #expect(ends.errors.components(of: "\n") == 5)
        #expect(!ends.errors.contains("\u{1B}") && !ends.errors.contains("\r"))
        #expect(
            ends.errors.hasSuffix("s  2,000/10,000 rows  20.0%  100 rows/s  0.0 MB/s  ETA 1:20  1 worker\n"))
    }

    @Test("every event has a line for people, and no line can be broken by what it holds")
    func lines() {
        let (ends, clock) = (Ends(), Clock())
        let reporter = RunReporter(ends.terminal(), now: { clock.now })
        for event in events { reporter.report(event) }
        #expect(
            ends.errors == """
                p: run 7 begins
                p: run 7 goes on where it stopped
                s: begins (stream)
                s  0/10,000 rows  0.0%  1 worker
                s: 2,000 rows in 4.0 s (500 rows/s); the server wrote 33.5 MB of WAL meanwhile
                t: done in 0.1 s
                u: nothing to do, done before
                s: lost\\nserver; attempt 2 follows in 0.5 s
                look here

                """)
        #expect(ends.output.isEmpty)
    }

    @Test("every event has an object for programs")
    func json() {
        let ends = Ends()
        let reporter = RunReporter(ends.terminal(isJSON: true))
        for event in events { reporter.report(event) }
        #expect(
            ends.output == #"""
                {"event":"run-began","run":7,"pipeline":"p","resumed":false}
                {"event":"run-began","run":7,"pipeline":"p","resumed":true}
                {"event":"stage-began","stage":"s","kind":"stream"}
                {"event":"progress","stage":"s","rows":0,"total":10000,"rows_here":0,"bytes_here":0,"rejects":0,"workers":1,"seconds":0.0}
                {"event":"stage-finished","stage":"s","kind":"stream","rows":2000,"seconds":4.0,"wal_bytes":33554432}
                {"event":"stage-finished","stage":"t","kind":"sql","rows":null,"seconds":0.125,"wal_bytes":16777215}
                {"event":"stage-skipped","stage":"u","reason":"done before"}
                {"event":"retrying","stage":"s","what":"lost\nserver","attempt":2,"delay":0.5}
                {"event":"notice","text":"look here"}

                """#)
        #expect(ends.errors.isEmpty)
    }

    private var events: [Event] {
        [
            .runBegan(run: 7, pipeline: "p", resumed: false), .runBegan(run: 7, pipeline: "p", resumed: true),
            .stageBegan(stage: "s", kind: "stream"), .progress(progress(0)),
            .stageFinished(stage: "s", kind: "stream", rows: 2000, seconds: 4, wal: 32 << 20),
            .stageFinished(stage: "t", kind: "sql", rows: nil, seconds: 0.125, wal: (16 << 20) - 1),
            .stageSkipped(stage: "u", reason: "done before"),
            .retrying(stage: "s", what: "lost\nserver", attempt: 2, delay: 0.5), .notice("look here"),
        ]
    }

    private func progress(_ seconds: Double) -> Progress {
        let rows = Int64(seconds * 100)
        return Progress(
            stage: "s", rows: rows, total: 10_000, rowsHere: rows, bytesHere: rows, rejects: 0, workers: 1,
            seconds: seconds)
    }
}

extension String {
    /// How often a piece occurs.
    fileprivate func components(of piece: String) -> Int {
        ranges(of: piece).count
    }
}
