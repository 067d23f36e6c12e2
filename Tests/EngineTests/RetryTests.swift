import Postgres
import Support
import Testing

@testable import Engine

@Suite("Trying rejects again")
struct RetryTests {
    /// 12 chapters, of which 2, 4, 6 and 8 were rejected.
    private func rejected() async throws -> Memoir {
        let memoir = try await Memoir(12)
        let keys = [2, 4, 6, 8].map(Memoir.key).joined(separator: ", ")
        try await memoir.psql("update chapters set content = '{\"nothing\": \"known\"}' where id in (\(keys))")
        #expect(try await memoir.run().outcomes == [12, 8, 0, 4, 0])
        return memoir
    }

    @Test("migrates mended rows, keeps bad ones open with the new reason, lets go of deleted ones")
    func retry() async throws {
        let memoir = try await rejected()
        try await memoir.psql(
            """
            update chapters set content = '["mended"]' where id = \(Memoir.key(6));
            update chapters set content = null, images = null where id = \(Memoir.key(2));
            update chapters set content = '42.5', images = '7' where id = \(Memoir.key(4));
            delete from chapters where id = \(Memoir.key(8))
            """)
        let result = try await memoir.retry()
        #expect((result.resolved, result.gone) == (3, 1))
        #expect(result.summary.openRejects == 1)
        #expect(
            try await memoir.psql("select key = to_jsonb(\(Memoir.key(4))), code from etl.rejects where state = 'open'")
                == "t|bad-images")
        let after = try await memoir.run()
        #expect(after.hadNothingToDo)
        #expect(after.outcomes == [12, 9, 1, 1, 1])
        #expect(after.changes == SourceChanges())
        let rows = try await memoir.psql(
            "select sum(target_rows) = (select count(*) from chapter_sections) from etl.chunks")
        #expect(rows == "t")
        let sections = "select string_agg(content, ',' order by order_index) from chapter_sections where chapter_id = "
        #expect(try await memoir.psql(sections + Memoir.key(6)) == "mended,")
        #expect(
            try await memoir.psql("select cover_image from chapters where id = \(Memoir.key(6))")
                == #"{"url": "6.jpg"}"#)
    }

    @Test("changes nothing where nothing was mended")
    func nothingMended() async throws {
        let memoir = try await rejected()
        let content = try await memoir.content()
        let result = try await memoir.retry()
        #expect((result.resolved, result.summary.openRejects) == (0, 4))
        #expect(try await memoir.content() == content)
        #expect(try await memoir.run().outcomes == [12, 8, 0, 4, 0])
    }

    @Test("replaces what somebody wrote by hand meanwhile")
    func byHand() async throws {
        let memoir = try await rejected()
        try await memoir.psql(
            """
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), \(Memoir.key(2)), 0, 'by hand'), (gen_random_uuid(), \(Memoir.key(2)), 9, 'too');
            update chapters set content = '["mended"]' where id = \(Memoir.key(2))
            """)
        #expect(try await memoir.retry().resolved == 1)
        let texts = try await memoir.psql(
            "select order_index, content from chapter_sections where chapter_id = \(Memoir.key(2))")
        #expect(texts == "0|mended")
    }

    @Test("rejects again what the server refuses, and migrates the others")
    func refusedByServer() async throws {
        let memoir = try await rejected()
        try await memoir.psql(
            """
            alter table chapter_sections add constraint calm check (content <> 'loud');
            update chapters set content = '["mended"]' where id in (\(Memoir.key(2)), \(Memoir.key(4)));
            update chapters set content = '["loud"]' where id = \(Memoir.key(6))
            """)
        #expect(try await memoir.retry().resolved == 2)
        let codes = try await memoir.psql(
            "select string_agg(code, ',' order by code) from etl.rejects where state = 'open'")
        #expect(codes == "refused-by-server,unknown-shape")
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("works before the constraints are built, too")
    func beforeConstraints() async throws {
        let memoir = try await Memoir(3)
        try await memoir.psql("update chapters set content = '1' where id = \(Memoir.key(2))")
        try await memoir.run(until: "sections")
        try await memoir.psql("update chapters set content = '[\"mended\"]' where id = \(Memoir.key(2))")
        #expect(try await memoir.retry().resolved == 1)
        #expect(try await memoir.run().outcomes == [3, 3, 0, 0, 0])
    }

    @Test("of a pipeline that was never run is refused")
    func neverRun() async throws {
        let memoir = try await Memoir(1)
        let failure = try await memoir.failure { try await memoir.retry() }
        #expect(failure.kind == .usage)
        #expect(failure.next?.contains("etl run") == true)
    }
}
