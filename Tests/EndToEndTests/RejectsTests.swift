import Foundation
import Support
import Testing

extension Behaviour {
    @Suite struct RejectsTests {
        @Test("the export holds every open reject in the order of the source's key", arguments: Chapters.Key.allCases)
        func export(key: Chapters.Key) async throws {
            let database = try await rejecting(key)
            let scratch = try Scratch()
            let file = "\(scratch.path)/rejects.jsonl"
            let result = try await database.etl("rejects", "chapter-sections", "--export", file)
            #expect(result.status == 0 && result.output.isEmpty, "\(result.stderr)")
            #expect(try scratch.names == ["rejects.jsonl"])

            let text = try scratch.text("rejects.jsonl")
            let objects = try #require(JSONLines.objects(of: text))
            #expect(objects.allSatisfy { Set($0.keys) == ["key", "code", "place", "message"] })
            let keys = objects.compactMap { $0["key"] as? String }
            let printed = try await database.psql(
                """
                select to_jsonb(c.id::text) from chapters c
                 where to_jsonb(c.id::text) in (select key from etl.rejects) order by c.id
                """)
            let expected = try #require(JSONLines.strings(of: printed))
            #expect(keys.count == expected.count && keys.count > 20)
            // Compared as bytes: to a String é and e with an accent are the same.
            #expect(keys.map { Array($0.utf8) } == expected.map { Array($0.utf8) })

            let streamed = try await database.etl("rejects", "chapter-sections", "--export", "-")
            #expect(streamed.status == 0 && streamed.output == text)
        }

        @Test("the export is for its owner alone, whatever the umask", arguments: ["000", "777"])
        func mode(mask: String) async throws {
            let database = try await rejecting(.uuid)
            let scratch = try Scratch()
            let program = try database.shell(
                "umask \(mask); exec \"$0\" \"$@\"",
                ["rejects", "chapter-sections", "--export", "\(scratch.path)/rejects.jsonl"])
            #expect(try await program.end().status == 0)
            #expect(try scratch.mode("rejects.jsonl") == 0o600)
        }

        @Test("1: an export that does not arrive whole says so")
        func fullDisk() async throws {
            let database = try await rejecting(.uuid)
            let program = try database.shell(
                "exec \"$0\" \"$@\" >/dev/full", ["rejects", "chapter-sections", "--export", "-"])
            let end = try await program.end()
            #expect(end.status == 1)
            #expect(end.stderr.contains("the rejects cannot be written: No space left on device"), "\(end.stderr)")
        }

        @Test("2: a file that is there already is left as it is")
        func existing() async throws {
            let database = try await rejecting(.uuid)
            let scratch = try Scratch()
            try "mine".write(toFile: "\(scratch.path)/rejects.jsonl", atomically: false, encoding: .utf8)
            let result = try await database.etl(
                "rejects", "chapter-sections", "--export", "\(scratch.path)/rejects.jsonl")
            #expect(result.status == 2 && result.stderr.contains("next: "))
            #expect(try scratch.text("rejects.jsonl") == "mine" && scratch.names.count == 1)
        }

        @Test("rejects shows the first ones and says how many more there are")
        func shown() async throws {
            let database = try await rejecting(.bigint)
            let open = try await database.count("etl.rejects where state = 'open'")
            let result = try await database.etl("rejects", "chapter-sections", "--limit", "5")
            #expect(result.status == 0)
            #expect(result.output.split(separator: "\n").count == 5)
            #expect(result.stderr.contains("\(open - 5) more; all of them: --export FILE"), "\(result.stderr)")
        }

        @Test("retry migrates what was mended, and ends with 3 until nothing is left")
        func retry() async throws {
            let database = try await rejecting(.text)
            let open = try await database.count("etl.rejects where state = 'open'")
            let untouched = try await database.etl("retry", "chapter-sections")
            #expect(untouched.status == 3 && untouched.output.contains("0 rejects resolved, \(open) still open"))

            try await mend(database, "(select key #>> '{}' from etl.rejects order by id limit 3)")
            let some = try await database.etl("retry", "chapter-sections")
            #expect(some.status == 3 && some.output.contains("3 rejects resolved, \(open - 3) still open"))
            let verdict = try await database.verdict("--changed")
            #expect(verdict.hasSuffix(asContracted), "\(verdict)")

            try await database.psql(
                "delete from chapters where id = (select max(key #>> '{}') from etl.rejects where state = 'open')")
            try await mend(database, "(select key #>> '{}' from etl.rejects where state = 'open')")
            let rest = try await database.etl("retry", "chapter-sections")
            #expect(rest.status == 0, "\(rest.stderr)")
            #expect(
                rest.output.contains("\(open - 3) rejects resolved (1 of them deleted meanwhile), 0 still open"),
                "\(rest.output)")
            #expect(try await database.verdict("--changed").hasSuffix(asContracted))
            let sums = "stage = 'sections' and (read <> migrated + empty + rejected + gone or rejected <> 0)"
            #expect(try await database.count("etl.chunks where \(sums)") == 0)
            #expect(try await database.etl("run", "chapter-sections").status == 0)
        }

        @Test("retry of a run that others work on ends with 5")
        func retryWhileRunning() async throws {
            let database = try await LongRun.database()
            let run = try await LongRun.start(on: database)
            let holder = try await LongRun.block(database)
            #expect(try await database.etl("retry", "chapter-sections").status == 5)
            try await LongRun.release(holder, in: database)
            let end = try await run.end()
            #expect(end.status == 3, "\(end.stderr)")
        }

        /// Chapters of which many were rejected.
        private func rejecting(_ key: Chapters.Key) async throws -> MemoirDatabase {
            let database = try await MemoirDatabase.holding(
                Chapters(rows: 300, seed: 4, key: key, content: .text, images: .text, bad: 0.2))
            let run = try await database.etl("run", "chapter-sections")
            #expect(run.status == 3, "\(run.stderr)")
            return database
        }

        private func mend(_ database: MemoirDatabase, _ keys: String) async throws {
            try await database.psql(
                #"update chapters set content = '["mended"]', images = null where id::text in \#(keys)"#)
        }
    }
}
