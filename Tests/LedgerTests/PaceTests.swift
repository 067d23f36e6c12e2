import Ledger
import Postgres
import Support
import Testing

@Suite("The pace of a stage")
struct PaceTests {
    /// A stage of four chunks that was begun long ago, and somebody who has worked on it for `seconds`.
    private func pace(since seconds: Int, _ chunks: String) async throws -> Pace {
        let book = try await Book.open()
        let stage = try await book.beginStage(bounds: ["b", "c", "d"])
        return try await book.session { session in
            let worker = try book.database.connect()
            _ = try book.addWorker(worker, to: stage.run)
            try book.database.psql(
                """
                set search_path = etl;
                update stages set state = 'running', started_at = now() - interval '1 day';
                update workers set started_at = now() - interval '\(seconds) seconds';
                \(chunks)
                """)
            return try session.write { try book.ledger.pace(of: "load", in: stage.run, $0) }
        }
    }

    private static func done(_ n: Int, rows: Int, ago seconds: Int) -> String {
        """
        update chunks set state = 'done', read = \(rows), migrated = \(rows),
               finished_at = now() - interval '\(seconds) seconds' where n = \(n);
        """
    }

    @Test("is what was done in the last minute")
    func lastMinute() async throws {
        let chunks =
            Self.done(1, rows: 6000, ago: 10) + Self.done(2, rows: 600, ago: 50) + Self.done(3, rows: 9, ago: 90)
        let pace = try await pace(since: 3600, chunks)
        #expect(pace.rowsPerSecond.map { (109.0...110.0).contains($0) } == true, "\(pace)")
        #expect(pace.secondsSinceProgress.map { (10.0..<30.0).contains($0) } == true, "\(pace)")
    }

    @Test("leaves out what was done before those came who work on it now")
    func resumed() async throws {
        let chunks = Self.done(1, rows: 1000, ago: 5) + Self.done(2, rows: 50_000, ago: 25)
        let pace = try await pace(since: 20, chunks)
        #expect(pace.rowsPerSecond.map { (20.0...50.0).contains($0) } == true, "\(pace)")
    }

    @Test("is not known where nothing was done yet, and then says for how long")
    func nothing() async throws {
        let pace = try await pace(since: 300, Self.done(1, rows: 1000, ago: 400))
        #expect(pace.rowsPerSecond == nil)
        #expect(pace.secondsSinceProgress.map { (300.0..<330.0).contains($0) } == true, "\(pace)")
    }

    @Test("counts the chunks that are tried again, by attempt")
    func retries() async throws {
        let pace = try await pace(
            since: 10,
            """
            update chunks set attempt = 2 where n in (1, 2); update chunks set attempt = 3 where n = 3;
            update chunks set attempt = 3, state = 'done', finished_at = now() where n = 4;
            """)
        #expect(pace.retries.map { [$0.attempt, $0.chunks] } == [[2, 2], [3, 1]])
    }
}
