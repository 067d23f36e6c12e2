import Engine
import Testing

@testable import etl

@Suite("Progress")
struct ProgressTests {
    private let progress = Progress(
        stage: "sections", rows: 1234, total: 20000, rowsHere: 1000, bytesHere: 0, rejects: 3, workers: 4,
        seconds: 9)
    private let reading = ProgressMeter.Reading(
        rowsPerSecond: 3210.9, bytesPerSecond: 12_345_678, secondsLeft: 5.2)

    @Test(
        "the line gives up its least part first and fits any width",
        arguments: [
            (
                200,
                "sections  1,234/20,000 rows  6.1%  3,210 rows/s  12.3 MB/s  ETA 0:06  3 rejects  4 workers"
            ),
            (79, "sections  1,234/20,000 rows  6.1%  3,210 rows/s  ETA 0:06  3 rejects"),
            (88, "sections  1,234/20,000 rows  6.1%  3,210 rows/s  12.3 MB/s  ETA 0:06  3 rejects"),
            (80, "sections  1,234/20,000 rows  6.1%  3,210 rows/s  12.3 MB/s  ETA 0:06  3 rejects"),
            (0, "sections  1,234/20,000 rows  6.1%  3,210 rows/s  12.3 MB/s  ETA 0:06  3 rejects"),
            (-1, "sections  1,234/20,000 rows  6.1%  3,210 rows/s  12.3 MB/s  ETA 0:06  3 rejects"),
            (50, "sections  1,234/20,000 rows  6.1%  ETA 0:06"),
            (40, "sections  1,234/20,000 rows  6.1%"),
            (20, "sections"),
            (8, "section"),
            (2, "s"),
            (1, "s"),
        ])
    func widths(columns: Int, line: String) {
        #expect(ProgressLine(progress, reading).text(columns: columns) == line)
    }

    @Test(
        "at no width is the line wider than the terminal",
        arguments: ["sections", "章節的遷移階段", "e\u{301}tape", "👩‍👩‍👧‍👦🇩🇪"])
    func neverTooWide(stage: String) {
        var progress = progress
        progress.stage = stage
        for columns in 1...200 {
            let line = ProgressLine(progress, reading).text(columns: columns)
            #expect(DisplayWidth.columns(of: line) <= max(1, columns - 1))
        }
    }

    @Test("wide characters take two columns, marks that combine none")
    func displayWidth() {
        #expect(DisplayWidth.columns(of: "abc") == 3)
        #expect(DisplayWidth.columns(of: "章節") == 4)
        #expect(DisplayWidth.columns(of: "e\u{301}") == 1)
        #expect(DisplayWidth.columns(of: "👩‍👩‍👧‍👦") == 8)
        #expect(DisplayWidth.columns(of: "…ÄΩ") == 3)
        #expect(DisplayWidth.prefix(of: "章節", columns: 3) == "章")
    }

    @Test("what is not known is not shown")
    func unknown() {
        var progress = progress
        progress.total = nil
        progress.rejects = 0
        progress.workers = 1
        #expect(ProgressLine(progress, .init()).text == "sections  1,234 rows  1 worker")
        progress.total = 1000
        #expect(ProgressLine(progress, .init()).text == "sections  1,234/1,000 rows  1 worker")
    }

    @Test(
        "100% is said only when all rows are done",
        arguments: [(0, "0.0%"), (1, "0.0%"), (99_999, "99.9%"), (100_000, "100.0%")])
    func percent(rows: Int64, text: String) {
        #expect(Quantity.percent(rows, of: 100_000) == text)
    }

    @Test("nothing is 0% of nothing")
    func percentOfNothing() {
        #expect(Quantity.percent(0, of: 0) == nil)
        #expect(Quantity.percent(.max - 1, of: .max) == "99.9%")
    }

    @Test(
        "durations read like a clock",
        arguments: [
            (0, "0:00"), (0.2, "0:01"), (59.4, "1:00"), (754, "12:34"), (11045, "3:04:05"),
            (345_600, ">4 days"),
            (.infinity, ">4 days"),
        ])
    func durations(seconds: Double, text: String) {
        #expect(Quantity.duration(seconds) == text)
    }

    @Test("speed and ETA follow the window, not the whole run")
    func window() throws {
        var meter = ProgressMeter(window: 10)
        for second in 0...100 { meter.add(at(Double(second), rows: Int64(second) * 100)) }
        #expect(meter.reading(total: 20_000).rowsPerSecond == 100)
        #expect(meter.reading(total: 20_000).secondsLeft == 100)
        for second in 101...110 { meter.add(at(Double(second), rows: 10_000 + Int64(second - 100) * 10)) }
        #expect(meter.reading(total: 20_000).rowsPerSecond == 10)
        #expect(meter.reading(total: 20_000).secondsLeft == 990)
        #expect(meter.reading(total: 20_000).bytesPerSecond == 1000)
    }

    @Test("rows that others finish count for the ETA and not for this process's speed")
    func joined() {
        var meter = ProgressMeter()
        meter.add(
            Progress(
                stage: "s", rows: 0, total: 1000, rowsHere: 0, bytesHere: 0, rejects: 0, workers: 1,
                seconds: 0))
        meter.add(
            Progress(
                stage: "s", rows: 400, total: 1000, rowsHere: 100, bytesHere: 0, rejects: 0, workers: 1,
                seconds: 10))
        #expect(meter.reading(total: 1000) == .init(rowsPerSecond: 10, bytesPerSecond: 0, secondsLeft: 15))
    }

    @Test("no ETA is made up: too little seen, nothing moves, all done, more than planned")
    func noETA() {
        var meter = ProgressMeter()
        #expect(meter.reading(total: 10) == .init())
        meter.add(at(0, rows: 5))
        #expect(meter.reading(total: 10) == .init())
        meter.add(at(0.4, rows: 6))
        #expect(meter.reading(total: 10) == .init())
        meter.add(at(0.2, rows: 9))
        meter.add(at(2, rows: 5))
        #expect(meter.reading(total: 10).secondsLeft == nil)
        meter.add(at(4, rows: 10))
        #expect(meter.reading(total: 10).secondsLeft == nil)
        #expect(meter.reading(total: 7).secondsLeft == nil)
        #expect(meter.reading(total: nil).secondsLeft == nil)
        #expect(meter.reading(total: 20).secondsLeft == 8)
    }

    private func at(_ seconds: Double, rows: Int64) -> Progress {
        Progress(
            stage: "s", rows: rows, total: nil, rowsHere: rows, bytesHere: rows * 100, rejects: 0, workers: 1,
            seconds: seconds)
    }
}
