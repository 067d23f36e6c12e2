import JSON
import Postgres
import Testing

@testable import Engine
@testable import Ledger
@testable import etl

@Suite("What etl status tells")
struct StatusReportTests {
    private func lines(_ summary: RunSummary, next: String? = nil) -> [String] {
        StatusReport(pipeline: nil, entries: [.init(summary: summary, next: next)], neverBegun: []).lines.map(\.plain)
    }

    @Test("a run under way: who, where, since when, how far, how fast, until when, and what waits")
    func running() {
        let stages: [StageSummary] = [
            .made("tables", kind: "sql", state: "done"),
            .made("sections", rows: .made(), progress: .made(rowsPerSecond: 250.5, secondsSinceProgress: 1)),
            .made("constraints", kind: "constraints", state: "pending"),
            .made("drop", kind: "retire", state: "pending", isOptional: true),
        ]
        let summary = RunSummary.made(
            isAskedToStop: true, stages: stages, rejects: [("bad-text", 39), ("too-deep", 1)],
            workers: [.made(), .made(pid: 12, workers: 0)])
        #expect(
            lines(summary) == [
                "p: running, asked to stop (run 7 on schema public, begun 2026-11-21 07:00:00+00)",
                "  tables       done      sql",
                "  sections     running   1,000 of 4,000 rows, 25.0%, 250 rows/s, ETA 0:12",
                "                         1,000 read: 900 migrated + 60 empty + 40 rejected -> 1,800 rows; chunk 1 of 4 done",
                "  constraints  pending   constraints",
                "  drop         optional  retire",
                "at work: process 4711 on db7 (alice), 2 workers, for 12:03, since 2026-11-21 07:00:01+00",
                "at work: process 12 on db7 (alice), for 12:03, since 2026-11-21 07:00:01+00",
                "40 open rejects: bad-text 39, too-deep 1",
            ])
    }

    @Test("a stage without a rate says for how long nothing was done, and which chunks are tried again")
    func stuck() {
        let retries = [Pace.Retries(attempt: 2, chunks: 3), Pace.Retries(attempt: 3, chunks: 1)]
        let stuck = StageSummary.made(rows: .made(), progress: .made(secondsSinceProgress: 125, retries: retries))
        let details = lines(.made(stages: [stuck], workers: [.made()]))[1]
        #expect(
            details.hasSuffix(
                "1,000 of 4,000 rows, 25.0%, no chunk done for 2:05, 3 chunks at attempt 2, 1 chunk at attempt 3"))
        let new = StageSummary.made(rows: .made(), progress: .made(secondsSinceProgress: 30))
        #expect(lines(.made(stages: [new], workers: [.made()]))[1].hasSuffix("1,000 of 4,000 rows, 25.0%"))
    }

    @Test("a run that was killed is interrupted, its stage is no more than begun, and it says what to do")
    func interrupted() {
        let sign = LastSign(at: "2026-11-21 07:10:00.9+00", seconds: 65, isPooled: false)
        let told = lines(.made(lastSign: sign, stages: [.made(rows: .made())]), next: "etl run p")
        #expect(told[0].hasPrefix("p: interrupted (run 7 "))
        #expect(told[1] == "  rows  begun  1,000 of 4,000 rows, 25.0%")
        #expect(
            told.suffix(2) == [
                "nobody is at work; last heard of 1:05 ago, at 2026-11-21 07:10:00+00", "next: etl run p",
            ])
        let pooled = LastSign(at: "x", seconds: 65, isPooled: true)
        #expect(lines(.made(lastSign: pooled)).last?.contains("only commits tell") == true)
    }

    @Test("a run that was killed after its last stage is done")
    func complete() {
        let stages: [StageSummary] = [.made(state: "done"), .made("drop", state: "pending", isOptional: true)]
        #expect(lines(.made(stages: stages))[0].hasPrefix("p: done (run 7 "))
        #expect(lines(.made(stages: stages)).count == 3)
    }

    @Test("a run that failed says why, when, and where; one that was stopped says who stopped")
    func ended() {
        let end = RunEnd(
            act: "fail", at: "2026-11-21 07:10:00.9+00", detail: "stage rows: no\nluck", host: "db7", pid: 9,
            osUser: "bob")
        #expect(
            lines(.made(state: "failed", end: end)).last
                == "failed at 2026-11-21 07:10:00+00 in process 9 on db7 (bob): stage rows: no\\nluck")
        let stop = RunEnd(act: "stop", at: "t", detail: "stopped as asked", host: "h", pid: 9, osUser: "u")
        #expect(
            lines(.made(state: "stopped", end: stop, workers: [.made()])).last
                == "stopped at t in process 9 on h (u): stopped as asked; others are still at work")
        let until = RunEnd(act: "finish", at: "t", detail: "as far as tables", host: "h", pid: 9, osUser: "u")
        #expect(
            lines(.made(state: "stopped", end: until)).last == "done as far as tables at t in process 9 on h (u)")
        #expect(lines(.made(state: "done", end: until)).count == 1)
    }

    @Test("a verification tells its verdicts, and one that found something wrong is not done")
    func verified() {
        let good = StageSummary.made(
            "verify", kind: "verify", state: "done", rows: .made(stale: 2, others: 1, chunksDone: 4))
        #expect(
            lines(.made(state: "done", stages: [good]))[1]
                == "  verify  done  1,002 read: 900 equal + 60 empty + 40 rejected + 2 stale + 0 wrong; 0 extra; 1 cover set by others"
        )
        let bad = StageSummary.made("verify", kind: "verify", rows: .made(wrong: 3, extra: 5, chunksDone: 4))
        let line = lines(.made(state: "failed", stages: [bad]))[1]
        #expect(line.hasPrefix("  verify  differs  1,003 read: ") && line.hasSuffix(" + 3 wrong; 5 extra"))
    }

    @Test("what was accepted, what had nothing to do, and what was dropped")
    func accepted() {
        let table = QualifiedName(schema: Identifier("public"), name: Identifier("chapters"))
        let kept = KeptColumns(
            stage: "drop", relation: "archive_7_drop", table: table, columns: ["content", "images"], rows: 4000,
            at: "2026-11-21 07:10:00.9+00")
        let lost = KeptColumns(stage: "drop", relation: nil, table: table, columns: ["a"], rows: 1, at: "t")
        let keys = [
            UnmappedKey(name: "version", count: 1200, isAccepted: true),
            UnmappedKey(name: "a\u{1B}", count: 1, isAccepted: false),
        ]
        let skipped = StageSummary.made("rows", state: "done", skipped: "the column is gone")
        let summary = RunSummary.made(
            state: "done", finishedAt: "2026-11-21 08:00:00.5+00", stages: [skipped], accepted: [("bad-text", 2)],
            unmapped: keys, kept: [kept, lost])
        #expect(
            lines(summary) == [
                "p: done (run 7 on schema public, begun 2026-11-21 07:00:00+00, done 2026-11-21 08:00:00+00)",
                "  rows  done  nothing to do: the column is gone",
                "2 accepted rejects: bad-text 2",
                "keys that nothing reads (unmapped): version 1,200 (accepted), a\\u{1b} 1",
                "drop dropped content, images of public.chapters (4,000 rows), 2026-11-21 07:10:00+00: kept in the ledger's table archive_7_drop",
                "drop dropped a of public.chapters (1 row), t: without an archive",
            ])
    }

    @Test("pipelines of the project that were never begun, and a database on which nothing was")
    func neverBegun() {
        let some = StatusReport(
            pipeline: nil, entries: [.init(summary: .made(), next: nil)], neverBegun: ["q", "r"])
        #expect(some.lines.last?.plain == "never begun: q, r")
        let none = StatusReport(pipeline: nil, entries: [], neverBegun: ["q"])
        #expect(none.lines.map(\.plain) == ["nothing was ever run on this database", "never begun: q"])
        let one = StatusReport(pipeline: "q", entries: [], neverBegun: [])
        #expect(one.lines.map(\.plain) == ["q was never run on this database"])
    }

    @Test("for programs: every key, and without the pace nothing that time alone changes")
    func json() {
        let stage = StageSummary.made(rows: .made(), progress: .made(rowsPerSecond: 250, secondsSinceProgress: 1))
        let report = StatusReport(
            pipeline: nil,
            entries: [
                .init(summary: .made(stages: [stage], rejects: [("bad-text", 40)], workers: [.made()]), next: nil)
            ], neverBegun: ["q"])
        #expect(
            report.json().text() == """
                {"runs":[{"run":7,"pipeline":"p","schema":"public","state":"running","stop_requested":false,\
                "started_at":"2026-11-21 07:00:00.123456+00","finished_at":null,"last_end":null,"last_sign_at":null,\
                "stages":[{"name":"rows","kind":"stream","state":"running","optional":false,"skipped":null,\
                "started_at":null,"finished_at":null,"read":1000,"migrated":900,"empty":60,"rejected":40,"gone":0,\
                "adopted":0,"kept":0,"stale":0,"wrong":0,"extra":0,"others":0,"target_rows":1800,"total":4000,\
                "chunks_done":1,"chunks":4,"retries":[],"rows_per_second":250.0,"eta_seconds":12.0,\
                "seconds_since_progress":1.0}],"open_rejects":40,"rejects":{"bad-text":40},"accepted_rejects":{},\
                "unmapped":[],"dropped":[],"workers":[{"host":"db7","pid":4711,"since":"2026-11-21 07:00:01.5+00",\
                "user":"alice","workers":2}],"next":null}],"never_begun":["q"]}
                """)
        let still = report.json(withPace: false).text()
        #expect(!still.contains("rows_per_second") && !still.contains("seconds"))
    }
}
