import Support
import Testing

extension Company {
    @Suite(.enabled(if: PgBouncer.absence == nil, "PgBouncer is not installed"))
    struct PoolerTests {
        @Test("PgBouncer that pools transactions carries whole runs; what it cannot carry is said, and done directly")
        func transactions() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 200, bad: 0))
            let bouncer = try await blocking { try PgBouncer(to: .shared, mode: "transaction") }
            let pooled = ["DATABASE_URL": bouncer.url(database: database.name)]
            for pipeline in ["chapter-sections", "memoir-images"] {
                let run = try await database.etl(
                    "run", pipeline, "--workers", "6", "--batch-rows", "10", variables: pooled)
                #expect(run.status == 0, "\(run.stderr)\(bouncer.log)")
            }
            // An index on a table in use is all that it cannot carry.
            let refused = try await database.etl("run", "section-image-id", variables: pooled)
            #expect(
                refused.status == 4 && refused.stderr.contains("naming the server instead of the pooler"),
                "\(refused.stderr)")
            #expect(try await database.psql("select bool_and(pooled) from etl.workers") == "t")
            #expect(try await database.etl("run", "section-image-id").status == 0)
            let verdict = try await database.verdict("--pictures", "--image-ids")
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")
            let again = try await database.etl("run", "chapter-sections", variables: pooled)
            #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.stderr)")
        }

        @Test("2: PgBouncer that pools statements is refused with the reason, and nothing is touched")
        func statements() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 3, bad: 0))
            let bouncer = try await blocking { try PgBouncer(to: .shared, mode: "statement") }
            for command in ["run", "plan", "preflight", "status"] {
                let end = try await database.etl(
                    command, "chapter-sections", variables: ["DATABASE_URL": bouncer.url(database: database.name)])
                #expect(end.status == 2, "\(command): \(end.stderr)")
                #expect(end.stderr.contains("it must pool transactions or sessions"), "\(command): \(end.stderr)")
            }
            #expect(try await database.psql("select to_regnamespace('etl') is null") == "t")
        }
    }
}
