import Glibc
import Support
import Testing

extension Behaviour {
    @Suite struct StatusTests {
        @Test("status on a database without a ledger says so and makes none")
        func before() async throws {
            let database = try await MemoirDatabase.empty()
            let all = try await database.etl("status")
            #expect(all.status == 0 && all.output == "nothing was ever run on this database\n")
            let one = try await database.etl("status", "chapter-sections")
            #expect(one.status == 0 && one.output == "chapter-sections was never run on this database\n")
            let json = try await database.etl("status", "--json")
            #expect(json.output == #"{"runs":[]}"# + "\n")
            #expect(try await database.count("pg_namespace where nspname = 'etl'") == 0)
        }

        @Test("status during a run, after a kill and at the end says running, interrupted and done")
        func states() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database)
            let during = try await database.etl("status", "chapter-sections")
            #expect(during.output.hasPrefix("chapter-sections: running (run "), "\(during.output)")
            #expect(during.output.contains("at work: process \(run.pid) on "))
            #expect(during.output.contains(" of ") && during.output.contains("  sections     running  "))

            run.kill(SIGKILL)
            #expect(try await run.end().status == 137)
            #expect(try await database.isLeftAlone())
            let killed = try await database.etl("status", "chapter-sections")
            #expect(killed.status == 0 && killed.output.hasPrefix("chapter-sections: interrupted (run "))
            #expect(!killed.output.contains("at work"))
            let json = try #require(JSONLines.last(of: try await database.etl("status", "--json").output))
            let runs = try #require(json["runs"] as? [[String: Any]])
            #expect(runs.count == 1 && runs[0]["state"] as? String == "interrupted")

            #expect(try await database.etl("run", "chapter-sections").status == 3)
            let after = try await database.etl("status")
            #expect(after.status == 0 && after.output.hasPrefix("chapter-sections: done (run "))
            #expect(after.output.contains("4,000 read: ") && after.output.contains(" open rejects: "))
        }

        @Test("a role that may only read the ledger sees status and rejects, and can run nothing")
        func reader() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 100, key: .bigint, bad: 0.2))
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            let role = "reader_of_\(database.name)"
            try await database.psql(
                """
                create role \(role) login;
                grant usage on schema etl to \(role);
                grant select on all tables in schema etl to \(role);
                """)
            let variables = ["DATABASE_URL": database.url.replacing("user=postgres", with: "user=\(role)")]
            let status = try await database.etl("status", variables: variables)
            #expect(status.status == 0 && status.output.hasPrefix("chapter-sections: done"), "\(status.stderr)")
            let rejects = try await database.etl("rejects", "chapter-sections", variables: variables)
            #expect(rejects.status == 0 && !rejects.output.isEmpty, "\(rejects.stderr)")
            let retry = try await database.etl("retry", "chapter-sections", variables: variables)
            #expect(retry.status == 1 && retry.stderr.contains("permission denied"), "\(retry.stderr)")
        }
    }
}
