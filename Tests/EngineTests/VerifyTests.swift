import Postgres
import Support
import Testing

@testable import Engine

@Suite("Verifying")
struct VerifyTests {
    /// Thirty chapters that were migrated; every third one has a picture.
    private func migrated() async throws -> Memoir {
        let memoir = try await Memoir(30)
        try await memoir.psql(
            """
            update chapters set content = '[{"text": "exact", "scan": {"ratio": 1.10}, "image": {"url": "u", "n": 1.10}}]'
             where id = \(Memoir.key(1));
            update chapters set content = '[1]' where id = \(Memoir.key(2));
            update chapters set content = null where id = \(Memoir.key(4));
            """)
        try await memoir.run()
        return memoir
    }

    private let asMigrated: [String: Int64] = ["equal": 28, "empty": 1, "rejected": 1]

    @Test("finds that all is as it should be after a run, which did the same and kept the verdict")
    func nothing() async throws {
        let memoir = try await migrated()
        let result = try await memoir.verify()
        #expect(result.counts == asMigrated)
        #expect(result.basis == .comparedAndStored)
        #expect(result.differences.isEmpty)
        #expect(try await memoir.psql("select state from etl.stages where name = 'verify'") == "done")
        #expect(
            try await memoir.psql(
                """
                select (select sum(seen_sum) from etl.chunks where stage = 'verify')
                     = (select sum(hashtextextended(id::text collate "C", xmin::text::bigint)) from chapters)
                """) == "t")
    }

    @Test(
        "finds what is wrong, and says where",
        arguments: [
            ("update chapter_sections set content = 'second!' where chapter_id = KEY and order_index = 1", "content"),
            (
                "update chapter_sections set title = 'made up' where chapter_id = KEY and order_index = 0", "title"
            ),
            (
                "update chapter_sections set attributes = '{\"a\": null}' where chapter_id = KEY and order_index = 0",
                "attributes"
            ),
            (
                "update chapter_sections set image = '{\"url\": \"5.jpg\"}' where chapter_id = KEY and order_index = 1",
                "image"
            ),
            ("delete from chapter_sections where chapter_id = KEY and order_index = 1", "a row is missing"),
            ("delete from chapter_sections where chapter_id = KEY", "a row is missing"),
            (
                "insert into chapter_sections (id, chapter_id, order_index, content) values (gen_random_uuid(), KEY, 7, 'x')",
                "a row that nothing gives"
            ),
            (
                """
                alter table chapter_sections drop constraint chapter_sections_pkey,
                    drop constraint chapter_sections_chapter_id_order_index_key;
                insert into chapter_sections select * from chapter_sections where chapter_id = KEY and order_index = 1
                """, "a row that nothing gives"
            ),
            (
                """
                update chapter_sections set order_index = order_index - 9 where chapter_id = KEY;
                update chapter_sections set order_index = -9 - order_index + 1 where chapter_id = KEY and order_index < 0 and false;
                update chapter_sections set order_index = case order_index when -9 then 1 else 0 end where chapter_id = KEY
                """, "order_index"
            ),
        ])
    func wrong(harm: String, sign: String) async throws {
        let memoir = try await migrated()
        let key = Memoir.key(5)
        try await memoir.psql(harm.replacing("KEY", with: key))
        let result = try await memoir.verify()
        #expect(result.counts == ["equal": 27, "empty": 1, "rejected": 1, "wrong": 1])
        let text = result.differences.flatMap(\.lines).joined(separator: "\n")
        #expect(text.contains(sign))
        #expect(text.contains(try await memoir.psql("select \(key)")))
        #expect(result.differences.allSatisfy { !$0.isStale && $0.kind != .setByOthers })
        #expect(try await memoir.psql("select state from etl.stages where name = 'verify'") == "running")
    }

    @Test("tells numbers apart that are equal and print differently")
    func exactNumbers() async throws {
        let memoir = try await migrated()
        try await memoir.psql(
            """
            update chapter_sections set image = '{"url": "u", "n": 1.1}' where chapter_id = \(Memoir.key(1)) and image is not null
            """)
        let result = try await memoir.verify()
        #expect(result.counts["wrong"] == 1)
        let difference = try #require(result.differences.first)
        #expect(difference.place.hasSuffix("column image"))
        #expect(difference.found?.contains("1.1}") == true || difference.found?.contains("1.1,") == true)
        #expect(difference.expected?.contains("1.10") == true)
    }

    @Test("shows both sides from where they part")
    func excerpts() async throws {
        let memoir = try await migrated()
        try await memoir.psql(
            "update chapter_sections set content = 'first of X' where chapter_id = \(Memoir.key(5)) and order_index = 0"
        )
        let lines = try await memoir.verify().differences.flatMap(\.lines)
        #expect(lines.contains("  found     first of X"))
        #expect(lines.contains("  expected  first of 5"))
    }

    @Test("finds rows whose source row is not there at all")
    func orphan() async throws {
        let memoir = try await migrated()
        try await memoir.psql(
            """
            alter table chapter_sections drop constraint chapter_sections_chapter_id_fkey;
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), gen_random_uuid(), 0, 'stray')
            """)
        let result = try await memoir.verify()
        #expect(result.counts["extra"] == 1)
        #expect(!result.hasPassed)
    }

    @Test("lists a cover that others have set; one of ours that they took away is set again")
    func covers() async throws {
        let memoir = try await migrated()
        try await memoir.psql(
            """
            update chapters set cover_image = '{"url": "theirs"}' where id = \(Memoir.key(6));
            update chapters set cover_image = null where id = \(Memoir.key(9));
            """)
        let seen = try await memoir.asReader().verify()
        #expect(seen.counts == asMigrated.merging(["others": 2]) { $1 })
        #expect(seen.hasPassed)
        #expect(seen.differences.map(\.kind) == [.setByOthers, .setByOthers])
        #expect(Set(seen.differences.map(\.found)) == ["{\"url\": \"theirs\"}", nil])
        let result = try await memoir.verify()
        #expect(result.counts == asMigrated.merging(["others": 1]) { $1 })
        #expect(result.differences.map(\.found) == ["{\"url\": \"theirs\"}"])
    }

    @Test("brings over what was written or came since; to a role that may not, it is stale, which is no failure")
    func stale() async throws {
        let memoir = try await migrated()
        try await memoir.psql(
            """
            update chapters set content = '["other"]' where id = \(Memoir.key(5));
            update chapters set images = images where id = \(Memoir.key(7));
            """)
        try await memoir.psql(Memoir.chapters(31...31))
        let seen = try await memoir.asReader().verify()
        #expect(seen.counts == ["equal": 27, "empty": 1, "rejected": 1, "stale": 2])
        #expect(seen.hasPassed)
        #expect(!seen.differences.isEmpty && seen.differences.allSatisfy(\.isStale))
        let result = try await memoir.verify()
        #expect(result.counts == ["equal": 29, "empty": 1, "rejected": 1])
        #expect(result.differences.isEmpty)
    }

    @Test("finds a bad chapter whose reject was lost")
    func lostReject() async throws {
        let memoir = try await migrated()
        try await memoir.psql("delete from etl.rejects")
        let result = try await memoir.verify()
        #expect(result.counts["wrong"] == 1)
        #expect(result.differences.first?.kind == .unaccounted)
    }

    @Test("after a failure begins anew, and passes once it is mended")
    func again() async throws {
        let memoir = try await migrated()
        let content = try await memoir.content()
        try await memoir.psql(
            """
            create table kept as select * from chapter_sections where chapter_id = \(Memoir.key(5));
            delete from chapter_sections where chapter_id = \(Memoir.key(5))
            """)
        let failure = try await memoir.failure {
            _ = try await memoir.verify()
            return try await memoir.run()
        }
        #expect(failure.kind == .failed)
        #expect(failure.place == "chapter-sections, stage verify")
        #expect(failure.details.contains { $0.contains("a row is missing") })
        try await memoir.psql("insert into chapter_sections select * from kept")
        try await memoir.run()
        #expect(try await memoir.content() == content)
        #expect(try await memoir.verify().counts == asMigrated)
    }

    @Test("lets several workers take chunk after chunk without refusing any what it claims")
    func workers() async throws {
        let memoir = try await Memoir(200, limits: BatchLimits(rows: 2, workers: 4))
        try await memoir.run(until: "constraints")
        let recorder = Recorder()
        try await memoir.run(reporter: recorder)
        #expect(recorder.stagesBegun.last == "verify")
        #expect(recorder.retries.isEmpty, "\(recorder.retries)")
        let attempts = try await memoir.psql("select count(*), max(attempt) from etl.chunks where stage = 'verify'")
        #expect(attempts == "100|1")
    }

    @Test("stores nothing for a role that may only read, and finds the same")
    func reader() async throws {
        let memoir = try await migrated()
        try await memoir.psql("update chapter_sections set content = 'x' where chapter_id = \(Memoir.key(5))")
        let reader = try await memoir.asReader()
        let before = try await memoir.everything()
        let result = try await reader.verify()
        #expect(result.basis == .comparedOnly)
        #expect(result.counts == ["equal": 27, "empty": 1, "rejected": 1, "wrong": 1])
        #expect(result.differences.count == 2)
        #expect(try await memoir.everything() == before)
    }

    @Test("cuts chunks whose documents have grown, and sees every row all the same", arguments: [true, false])
    func large(mayWrite: Bool) async throws {
        var memoir = try await migrated()
        try await memoir.psql(
            "update chapters set content = to_jsonb(repeat('x', 3000)) where id not in (\(Memoir.key(1)), \(Memoir.key(2)))"
        )
        memoir.limits.bytes = 5000
        let verifier = mayWrite ? memoir : try await memoir.asReader()
        let result = try await verifier.verify()
        let counts: [String: Int64] = mayWrite ? ["equal": 29] : ["equal": 1, "stale": 28]
        #expect(result.counts == counts.merging(["rejected": 1]) { $1 })
        if mayWrite {
            #expect(Int(try await memoir.psql("select count(*) from etl.chunks where stage = 'verify'"))! > 10)
        }
    }
}
