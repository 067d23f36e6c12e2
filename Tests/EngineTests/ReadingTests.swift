import Postgres
import Support
import Testing

@testable import Engine

@Suite("Reading chunk by chunk")
struct ReadingTests {
    @Test("goes by the key, whatever the server's statistics say, and never through the table")
    func index() async throws {
        let memoir = try await Memoir(60, limits: BatchLimits(rows: 2, workers: 2))
        // To the server a table of a few rows is read fastest as a whole.
        try await memoir.psql("analyze chapters")
        try await memoir.run()
        // Whoever ended a session has told by then what it read.
        let scans = "select seq_scan, n_live_tup from pg_stat_user_tables where relname = 'chapters'"
        let told = try await memoir.psql(scans).split(separator: "|").compactMap { Int($0) }
        // To count, to plan and to look for changes, but not for each of the 30 chunks that are moved and verified.
        #expect(try #require(told.first) < 20, "\(told)")
    }

    @Test("leaves the server no snapshot but a chunk's own")
    func snapshots() async throws {
        let memoir = try await Memoir(24, limits: BatchLimits(rows: 2, workers: 1))
        let database = memoir.database
        let recorder = Recorder { event in
            guard case .progress(let progress) = event, progress.rowsHere > 0 else { return }
            #expect(throws: Never.self) {
                let others = try database.psql(
                    """
                    select count(*) from pg_stat_activity
                     where datname = current_database() and application_name like 'etl%'
                       and (backend_xmin is not null or backend_xid is not null)
                    """)
                // The worker that tells is between two chunks.
                #expect(others == "0")
            }
        }
        #expect(try await memoir.run(reporter: recorder).outcomes == [24, 24, 0, 0, 0])
        #expect(recorder.rowsReported == 24)
    }

    @Test("leaves the target with statistics, for whoever reads it next")
    func statistics() async throws {
        let memoir = try await Memoir(30)
        try await memoir.run()
        #expect(try await memoir.psql("select reltuples from pg_class where relname = 'chapter_sections'") == "70")
    }
}
