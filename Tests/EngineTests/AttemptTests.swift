import Postgres
import Support
import Testing

@testable import Engine

@Suite("Attempts")
struct AttemptTests {
    /// 8 chapters in chunks of 4, planned and not begun, with one worker to come.
    private func planned() async throws -> Memoir {
        let memoir = try await Memoir(8, limits: BatchLimits(rows: 4, workers: 1))
        try await memoir.run(until: "tables")
        try await memoir.stop(afterRows: 0)
        return memoir
    }

    /// Makes it look as if workers had died over some chunks.
    private func kill(_ memoir: Memoir, attempts: Int, where condition: String = "true") async throws {
        try await memoir.psql(
            """
            with dead as (
                insert into etl.workers (run_id, number, host, os_user, os_pid, program, backend_pid, backend_start, pooled)
                values (1, 1, 'elsewhere', 'nobody', 1, 'tests', 2147483647, '0', false) returning id)
            update etl.chunks set attempt = \(attempts), claimant = dead.id, claimed_at = now() - interval '1 minute'
              from dead where state = 'todo' and \(condition)
            """)
    }

    @Test("a stop before any chunk leaves chunks of no attempt and no claimant")
    func stopped() async throws {
        let memoir = try await planned()
        #expect(
            try await memoir.psql("select attempt, claimant is null, state from etl.chunks") == "0|t|todo\n0|t|todo")
    }

    @Test("a dead worker's chunk is taken over, and the attempt counted")
    func takenOver() async throws {
        let memoir = try await planned()
        try await kill(memoir, attempts: 2, where: "n = 1")
        #expect(try await memoir.run().outcomes == [8, 8, 0, 0, 0])
        #expect(
            try await memoir.psql("select n, attempt from etl.chunks where stage = 'sections' order by n") == "1|3\n2|1"
        )
    }

    @Test("a chunk that ended three workers is halved, and the halves begin anew")
    func halved() async throws {
        let memoir = try await planned()
        try await kill(memoir, attempts: 3, where: "n = 1")
        #expect(try await memoir.run().outcomes == [8, 8, 0, 0, 0])
        let chunks = try await memoir.psql("select read, attempt from etl.chunks where stage = 'sections' order by n")
        #expect(chunks == "2|1\n4|1\n2|1")
    }

    @Test("a row that ended three workers alone is rejected without being read, and the others are migrated")
    func crashedWorker() async throws {
        let memoir = try await Memoir(3, limits: BatchLimits(rows: 1, workers: 1))
        try await memoir.run(until: "tables")
        try await memoir.stop(afterRows: 0)
        try await kill(memoir, attempts: 3, where: "n = 2")
        let result = try await memoir.run()
        #expect(result.outcomes == [3, 2, 0, 1, 0])
        #expect(result.summary.rejectsByCode.map(\.code) == ["crashed-worker"])
        #expect(
            try await memoir.psql(
                """
                select (key #>> '{}')::uuid = (select id from chapters order by id offset 1 limit 1)
                 from etl.rejects
                """)
                == "t")
        #expect(try await memoir.run().changes == SourceChanges())
        #expect(try await memoir.retry().resolved == 1)
        #expect(try await memoir.run().outcomes == [3, 3, 0, 0, 0])
    }

    @Test("a chunk whose rows are gone is no one's fault")
    func emptyChunk() async throws {
        let memoir = try await planned()
        try await memoir.psql("delete from chapters where id in (select id from chapters order by id limit 4)")
        try await kill(memoir, attempts: 3, where: "n = 1")
        #expect(try await memoir.run().outcomes == [4, 4, 0, 0, 0])
    }

    @Test("a chunk too slow for the statement timeout is halved until it is not")
    func slow() async throws {
        var memoir = try await Memoir(8, limits: BatchLimits(rows: 8, workers: 1))
        memoir.deadlines.statement = 1
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            create function tarry() returns trigger language plpgsql as
                $$ begin perform pg_sleep(0.1); return new; end $$;
            create trigger tarry before insert on chapter_sections for each row execute function tarry();
            """)
        let recorder = Recorder()
        let result = try await memoir.run(reporter: recorder)
        #expect(result.outcomes == [8, 8, 0, 0, 0])
        #expect(recorder.retries.isEmpty)
        #expect((result.rows?.chunks ?? 0) >= 2)
        #expect(try await memoir.psql("select max(attempt) from etl.chunks") == "1")
    }
}
