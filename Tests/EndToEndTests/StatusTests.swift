import Foundation
import Support
import Testing

extension Company {
    @Suite struct StatusTests {
        @Test("status on a database without a ledger says so, names the project's pipelines, and makes none")
        func before() async throws {
            let database = try await MemoirDatabase.empty()
            let all = try await database.etl("status")
            #expect(all.status == 0 && all.output.hasPrefix("nothing was ever run on this database\nnever begun: "))
            #expect(all.output.contains("chapter-sections"))
            let scratch = try Scratch()
            let elsewhere = try await database.etl("status", directory: scratch.path)
            #expect(elsewhere.status == 0 && elsewhere.output == "nothing was ever run on this database\n")
            let one = try await database.etl("status", "chapter-sections")
            #expect(one.status == 0 && one.output == "chapter-sections was never run on this database\n")
            let json = try await database.etl("status", "--json", directory: scratch.path)
            #expect(json.output == #"{"runs":[],"never_begun":[]}"# + "\n")
            let watch = try await database.etl("status", "--watch", directory: scratch.path)
            #expect(watch.status == 0 && watch.output == elsewhere.output)
            #expect(try await database.count("pg_namespace where nspname = 'etl'") == 0)
        }

        @Test("status during a run, after a kill and at the end says running, interrupted and done")
        func states() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database)
            let during = try await database.etl("status", "chapter-sections")
            #expect(during.output.hasPrefix("chapter-sections: running (run "), "\(during.output)")
            #expect(
                during.output.contains("\nat work: process \(run.pid) on ") && during.output.contains(" workers, for "))
            #expect(
                during.output.contains(" of 1,000 rows, ") && during.output.contains("  sections          running  "))

            run.kill(SIGKILL)
            #expect(try await run.end().status == 137)
            #expect(try await database.isLeftAlone())
            let killed = try await database.etl("status", "chapter-sections")
            #expect(killed.status == 0 && killed.output.hasPrefix("chapter-sections: interrupted (run "))
            #expect(!killed.output.contains("at work: ") && !killed.output.contains(" running "))
            #expect(killed.output.contains("\nnobody is at work; last heard of 0:"))
            #expect(killed.output.hasSuffix("\nnext: etl run chapter-sections\n"), "\(killed.output)")
            let json = try #require(JSONLines.last(of: try await database.etl("status", "--json").output))
            let runs = try #require(json["runs"] as? [[String: Any]])
            #expect(runs.count == 1 && runs[0]["state"] as? String == "interrupted")
            #expect((runs[0]["workers"] as? [Any])?.isEmpty == true && runs[0]["last_sign_at"] is String)

            #expect(try await database.etl("run", "chapter-sections", "--until", "constraints").status == 3)
            let after = try await database.etl("status", "chapter-sections")
            #expect(
                after.status == 0 && after.output.contains("1,000 read: ") && after.output.contains(" open rejects: "))
            #expect(after.output.contains("\ndone as far as constraints at "))
        }

        @Test("status shows both processes of a run that is shared, the same to a role that may only read")
        func shared() async throws {
            let database = try await LongRun.database()
            #expect(try await database.etl("run", "chapter-sections", "--until", "tables").status == 0)
            let role = try await Self.reader(of: database)
            let runs = [
                try database.start(LongRun.command + ["--workers", "3", "--until", "sections", "--join"]),
                try database.start(LongRun.command + ["--workers", "2", "--until", "sections", "--join"]),
            ]
            let areAllAtWork = try await eventually(within: .seconds(60)) {
                try await database.psql(
                    "select count(distinct os_pid), count(*) from etl.workers where finished_at is null and number > 0")
                    == "2|5"
            }
            #expect(areAllAtWork)
            // Frozen, they go on living, and nothing changes while it is looked at twice.
            for run in runs { run.kill(SIGSTOP) }
            let settled = try await eventually { try await Self.unchanging(database) }
            #expect(settled)
            let owner = try await Self.facts(database, [:])
            let reader = try await Self.facts(database, role)
            for run in runs { run.kill(SIGCONT) }
            for run in runs {
                let end = try await run.end()
                #expect(end.status == 3, "\(end.stderr)")
            }
            #expect(owner == reader)
            let workers = try #require((owner["runs"] as? [[String: Any]])?.first?["workers"] as? [[String: Any]])
            #expect(Set(workers.compactMap { $0["pid"] as? Int }) == Set(runs.map { Int($0.pid) }), "\(workers)")
            #expect(Set(workers.compactMap { $0["workers"] as? Int }) == [2, 3], "\(workers)")
        }

        @Test("a role that may only read the ledger sees status and rejects, and can run nothing")
        func reader() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 100, key: .bigint, bad: 0.2))
            #expect(try await database.etl("run", "chapter-sections").status == 3)
            let variables = try await Self.reader(of: database)
            let status = try await database.etl("status", variables: variables)
            #expect(status.status == 0 && status.output.hasPrefix("chapter-sections: done"), "\(status.stderr)")
            let rejects = try await database.etl("rejects", "chapter-sections", variables: variables)
            #expect(rejects.status == 0 && !rejects.output.isEmpty, "\(rejects.stderr)")
            let retry = try await database.etl("retry", "chapter-sections", variables: variables)
            #expect(retry.status == 1 && retry.stderr.contains("permission denied"), "\(retry.stderr)")
        }

        @Test("a run that failed says why, and what comes next")
        func failed() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 20, key: .bigint, bad: 0))
            #expect(try await database.etl("run", "chapter-sections", "--until", "tables").status == 0)
            try await database.psql(
                "insert into chapter_sections (id, chapter_id, order_index, content) select gen_random_uuid(), min(id), 0, 'x' from chapters"
            )
            #expect(try await database.etl("run", "chapter-sections").status != 0)
            let status = try await database.etl("status")
            #expect(status.output.hasPrefix("chapter-sections: failed (run "), "\(status.output)")
            #expect(
                status.output.contains("\nfailed at ") && status.output.contains("\nnext: etl run chapter-sections\n"))
        }

        @Test("after a drop was refused it says why, and names the stage in the command that goes on")
        func refusedDrop() async throws {
            let database = try await MemoirDatabase.holding(Chapters(rows: 20, key: .bigint, bad: 0))
            #expect(try await database.etl("run", "chapter-sections").status == 0)
            #expect(try await database.etl("run", "chapter-sections", "--with", "drop-old-columns").status == 4)
            let status = try await database.etl("status")
            #expect(status.output.hasPrefix("chapter-sections: failed (run "), "\(status.output)")
            #expect(
                status.output.contains("\nnext: etl run chapter-sections --with drop-old-columns\n"), "\(status.output)"
            )
        }

        /// The variables that let a role in which may read the ledger and nothing else.
        private static func reader(of database: MemoirDatabase) async throws -> [String: String] {
            let role = "reader_of_\(database.name)"
            try await database.psql(
                """
                create role \(role) login;
                grant usage on schema etl to \(role);
                grant select on all tables in schema etl to \(role);
                """)
            return ["DATABASE_URL": database.url.replacing("user=postgres", with: "user=\(role)")]
        }

        /// Whether nothing is written to the ledger between two looks at it.
        private static func unchanging(_ database: MemoirDatabase) async throws -> Bool {
            let look = "select sum(read), max(finished_at), max(claimed_at), pg_sleep(0.2) from etl.chunks"
            return try await database.psql(look) == database.psql(look)
        }

        /// What status tells as an object, less what time alone changes.
        private static func facts(_ database: MemoirDatabase, _ variables: [String: String]) async throws
            -> NSDictionary
        {
            let result = try await database.etl("status", "chapter-sections", "--json", variables: variables)
            var facts = try #require(JSONLines.last(of: result.output), "\(result.stderr)")
            var runs = facts["runs"] as? [[String: Any]] ?? []
            for index in runs.indices {
                runs[index]["stages"] = (runs[index]["stages"] as? [[String: Any]])?.map { stage in
                    stage.filter { !["rows_per_second", "eta_seconds", "seconds_since_progress"].contains($0.key) }
                }
            }
            facts["runs"] = runs
            return facts as NSDictionary
        }
    }
}
