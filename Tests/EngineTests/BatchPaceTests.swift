import Support
import Testing

@testable import Engine

@Suite("The rows that a worker takes at a time")
struct BatchPaceTests {
    @Test("are as planned while transactions are short, fewer after a long one, more again after short ones")
    func follows() {
        var pace = BatchPace()
        pace.note(1000, in: 0.2)
        pace.note(1000, in: 0.9)
        #expect(pace.rows == nil)
        pace.note(1000, in: 2)
        #expect(pace.rows == 325)
        pace.note(325, in: 0.6)
        #expect(pace.rows == 325)
        pace.note(325, in: 0.1)
        #expect(pace.rows == 650)
    }

    @Test("are as planned again when chunks are smaller than what is allowed, however many come")
    func forgotten() {
        var pace = BatchPace()
        pace.note(1000, in: 10)
        for _ in 1...100 { pace.note(50, in: 0.01) }
        #expect(pace.rows == nil)
    }

    @Test("are never so few that transactions cost more than their rows")
    func atLeast() {
        var pace = BatchPace()
        for _ in 0..<5 { pace.note(pace.rows ?? 1000, in: 60) }
        #expect(pace.rows == 100)
    }

    @Test("become fewer in a run whose server is slow; the rest of each chunk becomes one of its own")
    func slowServer() async throws {
        let memoir = try await Memoir(400, limits: BatchLimits(rows: 200, workers: 1))
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create function wait() returns trigger language plpgsql as
                'begin perform pg_sleep(1.3); return null; end';
            create trigger slow after insert on chapter_sections execute function wait()
            """)
        let result = try await memoir.run(until: "sections")
        #expect(result.outcomes == [400, 400, 0, 0, 0])
        #expect(result.rows?.chunks ?? 0 > 2)
        let sizes = try await memoir.psql(
            "select max(read) <= 100 from etl.chunks where stage = 'sections' and n <> 1 and read > 0")
        #expect(sizes == "t")
        try await memoir.psql("drop trigger slow on chapter_sections")
        #expect(try await memoir.content() == Memoir(400).migrated())
    }
}
