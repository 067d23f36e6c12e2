import Support
import Synchronization
import Testing

@testable import Engine

@Suite("An index on a table in use")
struct IndexBuildTests {
    /// Chapters, the pipeline whose next stage builds the index, and a writer for whom the build will wait.
    private func beforeBuild() async throws -> (Memoir, ids: Memoir, writer: HeldTransaction) {
        let memoir = try await Memoir(6)
        for pipeline in ["chapter-sections", "memoir-images"] { try await memoir.of(pipeline).run() }
        let ids = memoir.of("section-image-id")
        try await ids.run(until: "backfill")
        // A build begins by waiting for all who write to the table.
        return (
            memoir, ids, try await HeldTransaction(in: memoir, "lock table chapter_sections in row exclusive mode")
        )
    }

    @Test("whose build is killed is built again, and what the first one left does not stay")
    func killed() async throws {
        let (memoir, ids, writer) = try await beforeBuild()
        let broken = Mutex("")
        let recorder = Recorder { event in
            guard case .retrying = event else { return }
            broken.withLock {
                $0 = (try? memoir.database.psql("select indexrelid::regclass from pg_index where not indisvalid")) ?? ""
            }
            Task { try await writer.commit() }
        }
        async let run = ids.run(reporter: recorder)
        let builder = try await memoir.waitForLock()
        let name = try await memoir.psql("select application_name from pg_stat_activity where pid = \(builder)")
        #expect(name.hasSuffix(":index"))
        try await memoir.psql("select pg_terminate_backend(\(builder))")
        #expect(try await run.summary.state == "done")
        #expect(recorder.retries.contains { $0.contains("57P01") }, "\(recorder.retries)")
        #expect(broken.withLock { $0 } == "chapter_sections_image_id_idx")
        #expect(try await memoir.psql("select count(*) from pg_index where not indisvalid") == "0")
        let index = "select count(*) from pg_indexes where indexname like 'chapter_sections_image_id_idx%'"
        #expect(try await memoir.psql(index) == "1")
    }

    @Test("is the run's also where the session is lost that wanted to say so")
    func unsaid() async throws {
        let (memoir, ids, writer) = try await beforeBuild()
        let recorder = Recorder()
        async let run = ids.run(reporter: recorder)
        _ = try await memoir.waitForLock()
        let ended = try await memoir.psql(
            """
            select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and application_name ~ '^etl:[0-9]+:0$'
            """)
        #expect(ended == "1")
        try await writer.commit()
        #expect(try await run.summary.state == "done")
        #expect(recorder.retries.contains { $0.contains("57P01") }, "\(recorder.retries)")
        let said = try await memoir.psql(
            "select c from etl.stages, unnest(created) c where c like 'index %image_id_idx%'")
        #expect(said == #"index "public"."chapter_sections_image_id_idx""#)
    }
}
