import Engine
import Foundation
import Testing

@testable import etl

@Suite("Watching a run")
struct StatusWatchTests {
    /// A watch that sees these numbers of workers, one look a second, and what it showed.
    private func watch(
        _ workers: [Int], on ends: Ends, _ terminal: Terminal, states: [Int: String] = [:], troubleAt: Double? = nil,
        stopAfter: Int = .max
    ) throws -> Int {
        var second = 0
        func report() -> StatusReport {
            let count = workers[min(second, workers.count - 1)]
            let rows = StageSummary.Rows.made(migrated: Int64(second / 3))
            let summary = RunSummary.made(
                state: states[second] ?? "running", stages: [.made(rows: rows)],
                workers: (0..<count).map { .made(pid: Int64($0)) })
            return StatusReport(pipeline: nil, entries: [.init(summary: summary, next: nil)], neverBegun: [])
        }
        try StatusWatch(
            terminal: terminal,
            wait: { seconds in
                second += Int(seconds)
                return second >= stopAfter
            }, lastTrouble: { troubleAt.flatMap { Double(second) >= $0 ? $0 : nil } }, now: { Double(second) },
            look: report
        ).follow(report())
        return second
    }

    @Test("ends at once where nobody is at work")
    func nobody() throws {
        let ends = Ends()
        #expect(try watch([0], on: ends, ends.terminal()) == 0)
        #expect(ends.output.hasPrefix("p: interrupted (run 7 ") && !ends.output.contains("\n\n"))
    }

    @Test("ends when nobody was at work twice: the moment between two pipelines is not the end")
    func gap() throws {
        let ends = Ends()
        #expect(try watch([1, 1, 0, 1, 1, 0, 0, 0], on: ends, ends.terminal()) == 6)
    }

    @Test("a pipe gets everything at once, then every five seconds and at the end, a blank line between")
    func pipe() throws {
        let ends = Ends()
        _ = try watch([1, 1, 1, 1, 1, 1, 1, 1, 0], on: ends, ends.terminal())
        let blocks = ends.output.split(separator: "\n\n", omittingEmptySubsequences: false)
        #expect(blocks.count == 3 && blocks.allSatisfy { $0.hasPrefix("p: ") }, "\(ends.output)")
        #expect(!ends.output.contains("\u{1B}") && ends.errors.isEmpty)
    }

    @Test("a terminal is drawn over every second, and in the end holds all")
    func terminal() throws {
        let ends = Ends()
        _ = try watch([1, 1, 0], on: ends, ends.terminal(canRepaint: true, columns: 40))
        let paintings = ends.output.components(separatedBy: "\u{1B}[4F")
        #expect(paintings.count == 4 && !paintings[0].contains("(run 7 on schema public, begun"))
        let last = paintings.last ?? ""
        #expect(last.contains("(run 7 on schema public, begun 2026-11-21 07:00:00+00)"))
    }

    @Test("programs get an object each time that something happened, and none when only time passed")
    func json() throws {
        let ends = Ends()
        _ = try watch([1, 1, 1, 1, 1, 1, 0], on: ends, ends.terminal(isJSON: true), states: [6: "done", 7: "done"])
        // Rows in the seconds 0, 3 and 6; nobody at work from the sixth on.
        #expect(ends.output.split(separator: "\n").count == 3, "\(ends.output)")
    }

    @Test("waits for those who may not have found the server again yet, and only for so long")
    func outage() throws {
        let back = Ends()
        let states = [8: "done", 9: "done"]
        let end = try watch([1, 1, 0, 0, 0, 0, 1, 1, 0], on: back, back.terminal(), states: states, troubleAt: 2)
        #expect(end == 9 && back.errors == "etl: the server was away; those who worked may come back in a moment\n")
        #expect(!back.output.contains("interrupted") && back.output.contains("p: done"))
        let gone = Ends()
        #expect(try watch([1, 1, 0], on: gone, gone.terminal(), troubleAt: 2) == 2 + Int(StatusWatch.returning))
        #expect(gone.output.contains("interrupted"))
        let done = Ends()
        #expect(try watch([1, 1, 0], on: done, done.terminal(), states: [2: "done", 3: "done"], troubleAt: 2) == 3)
    }

    @Test("ends when it is asked to")
    func stopped() throws {
        let ends = Ends()
        #expect(try watch([1], on: ends, ends.terminal(), stopAfter: 3) == 3)
    }
}
