import Support
import Testing

@testable import Engine

/// What is done by one transaction after the other, when the answers to many COMMITs are lost; `UndoTests` has that of undoing.
@Suite("What was committed without an answer is found done, by")
struct LostAnswersTests {
    private func chapters() async throws -> Memoir { try await Memoir(12, limits: BatchLimits(rows: 4, workers: 1)) }

    @Test("the whole workflow with both drops")
    func workflow() async throws {
        let (memoir, calm) = (try await chapters(), try await chapters())
        let recorder = Recorder()
        for one in [try memoir.losingAnswers(), calm] {
            try await one.inRow(reporter: recorder)
            try await one.of("section-image-id").drop(reporter: recorder)
            try await one.drop(reporter: recorder)
        }
        #expect(recorder.retries.count > 30)
        #expect(recorder.retries.allSatisfy { $0.hasPrefix("the outcome of COMMIT was not heard: ") })
        #expect(try await memoir.rows() == calm.rows())
        #expect(try await memoir.counts() == calm.counts())
    }

    @Test("catching up")
    func catchUp() async throws {
        let (memoir, calm) = (try await chapters(), try await chapters())
        for one in [memoir, calm] {
            try await one.inRow()
            try await one.psql(Memoir.changes(key: .uuid))
        }
        try await memoir.losingAnswers().catchUp()
        try await calm.catchUp()
        #expect(try await memoir.rows() == calm.rows())
        #expect(try await memoir.counts() == calm.counts())
        #expect(try await memoir.losingAnswers().verify().hasPassed)
    }

    @Test("trying rejects again")
    func retry() async throws {
        let memoir = try await chapters()
        try await memoir.psql("update chapters set content = '[7]' where id in (\(Memoir.key(3)), \(Memoir.key(9)))")
        try await memoir.run()
        try await memoir.psql("update chapters set content = '[\"mended\"]' where content = '[7]'")
        let result = try await memoir.losingAnswers().retry()
        #expect(result.resolved == 2)
        #expect(try await memoir.psql("select count(*) from chapter_sections where content = 'mended'") == "2")
        #expect(try await memoir.psql("select distinct state from etl.rejects") == "resolved")
    }

    @Test("purging")
    func purge() async throws {
        let memoir = try await chapters()
        try await memoir.drop()
        try await memoir.losingAnswers().purge()
        #expect(try await memoir.psql("select count(*) from etl.runs") == "0")
        #expect(try await memoir.psql("select count(*) from pg_tables where tablename ~ '^archive_'") == "0")
    }
}

extension Memoir {
    /// Every row that was made of the chapters, and what is left of these.
    fileprivate func rows() async throws -> String {
        try await psql(
            """
            select to_jsonb(s) - 'created_at' from chapter_sections s order by id;
            select to_jsonb(i) - 'created_at' from memoir_images i order by id;
            select to_jsonb(c) from chapters c order by id
            """)
    }

    /// What the ledger has counted.
    fileprivate func counts() async throws -> String {
        try await psql(
            """
            select stage, sum(read), sum(migrated), sum(empty), sum(rejected), sum(gone), sum(target_rows)
              from etl.chunks group by stage, run_id order by stage, run_id
            """)
    }
}
