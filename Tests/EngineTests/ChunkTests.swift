import Postgres
import Support
import Testing

@testable import Engine

@Suite("Chunks")
struct ChunkTests {
    @Test("are cut where their bytes are used up, and the counts still add up")
    func byteLimit() async throws {
        let memoir = try await Memoir(limits: BatchLimits(rows: 100, bytes: 2000, workers: 2))
        try await memoir.psql(
            """
            insert into chapters select \(Memoir.KeyType.uuid.expression("i")), jsonb_build_array(repeat(i::text, 300))
             from generate_series(11, 50) i
            """
        )
        let result = try await memoir.run()
        #expect(result.outcomes == [40, 40, 0, 0, 0])
        // The rows that are made of three documents of 600 bytes are more than the limit.
        #expect(result.rows?.chunks == 14)
        #expect(try await memoir.psql("select count(*) from chapter_sections where length(content) = 600") == "40")
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("may hold one document that is larger than all their bytes")
    func hugeDocument() async throws {
        let memoir = try await Memoir(4, limits: BatchLimits(rows: 100, bytes: 100, workers: 1))
        try await memoir.psql(
            """
            update chapters set content = jsonb_build_array(repeat('x', 300000)) where id = \(Memoir.key(2))
            """)
        #expect(try await memoir.run().outcomes == [4, 4, 0, 0, 0])
        #expect(try await memoir.psql("select max(length(content)) from chapter_sections") == "300000")
    }

    @Test("do not fetch a document above the limit, which is rejected", arguments: ["text", "json", "jsonb"])
    func tooLarge(type: String) async throws {
        let memoir = try await Memoir(
            documents: type, limits: BatchLimits(rows: 100, documentBytes: 50_000, workers: 1))
        try await memoir.psql(
            """
            insert into chapters (id, content)
            select id::uuid, format('["%s"]', text)::\(type) from (values
                (\(Memoir.key(1)), 'small'),
                -- Compresses to a hundredth.
                (\(Memoir.key(2)), repeat('x', 200000)),
                -- Hardly compresses at all.
                (\(Memoir.key(3)), (select string_agg(md5(i::text), '') from generate_series(1, 5000) i)),
                (\(Memoir.key(4)), repeat('y', 49000)),
                (\(Memoir.key(5)), (select string_agg(md5(i::text), '') from generate_series(1, 1500) i))
            ) as v (id, text)
            """)
        let result = try await memoir.run()
        #expect(result.outcomes == [5, 3, 0, 2, 0])
        let rejects = try await memoir.psql("select code, place, message from etl.rejects")
        let reject = "too-large|content, images|content, images: larger than 50000 bytes, not fetched"
        #expect(rejects == [reject, reject].joined(separator: "\n"))
        let bytes = try await memoir.psql("select sum(bytes) < 100000 from etl.chunks where stage = 'sections'")
        #expect(bytes == "t")
        #expect(try await memoir.psql("select sum(length(content)) from chapter_sections") == "97005")
    }

    @Test("in which the server refuses one row are written without it, and it is rejected")
    func refusedRow() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run(until: "tables")
        try await memoir.psql("alter table chapter_sections add constraint calm check (content <> 'first of 13')")
        let result = try await memoir.run()
        #expect(result.outcomes == [25, 24, 0, 1, 0])
        #expect(
            try await memoir.psql("select key = to_jsonb(\(Memoir.key(13))), code, place from etl.rejects")
                == "t|refused-by-server|chapter_sections")
        #expect(
            try await memoir.psql("select count(*) from chapter_sections where chapter_id = \(Memoir.key(13))") == "0")
        #expect(try await memoir.psql("select count(*) from chapters where cover_image is not null") == "8")
        #expect(try await memoir.run().changes == SourceChanges())
    }

    @Test("with text that the database's encoding lacks are written without it")
    func encoding() async throws {
        let memoir = try await Memoir(12, documents: "json", encoding: "LATIN1")
        try await memoir.psql(
            #"""
            update chapters set content = '["caf\u00e9"]' where id = \#(Memoir.key(5));
            update chapters set content = '["\u8001\u5c4b"]' where id = \#(Memoir.key(7));
            """#)
        let result = try await memoir.run()
        #expect(result.outcomes == [12, 11, 0, 1, 0])
        #expect(try await memoir.psql("select key = to_jsonb(\(Memoir.key(7))), code from etl.rejects") == "t|bad-text")
        #expect(
            try await memoir.psql("select length(content) from chapter_sections where chapter_id = \(Memoir.key(5))")
                == "4")
    }

    @Test("keep the names of unknown keys that the database's encoding lacks")
    func encodingOfNames() async throws {
        let memoir = try await Memoir(2, documents: "json", encoding: "LATIN1")
        try await memoir.psql(
            #"""
            update chapters set content = '{"sections": ["x"], "\u8001": 1}' where id = \#(Memoir.key(1));
            update chapters set content = '{"sections": ["x"], "caf\u00e9": 1}' where id = \#(Memoir.key(2));
            """#)
        #expect(try await memoir.run().outcomes == [2, 2, 0, 0, 0])
        #expect(try await memoir.run().summary.unmapped.map(\.name).sorted() == ["\\u8001", "caf\\u00e9"])
    }

    @Test("whose rows a trigger swallows stop the run, and nothing of them is noted as done")
    func swallowed() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run(until: "tables")
        try await memoir.swallow("first of 13")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed)
        #expect(failure.what.contains("a trigger or a rule swallows rows"))
        #expect(try await memoir.psql("select state from etl.stages where name = 'sections'") == "running")
        let half = try await memoir.psql(
            """
            select (select sum(target_rows) from etl.chunks) = (select count(*) from chapter_sections),
                   (select count(*) from etl.chunks where state = 'todo') >= 1
            """)
        #expect(half == "t|t")
        try await memoir.psql("drop trigger swallow on chapter_sections")
        #expect(try await memoir.run().outcomes == [25, 25, 0, 0, 0])
    }

    @Test("whose rows a trigger swallows stop the run also where the target had rows")
    func swallowedByMerge() async throws {
        let memoir = try await Memoir(25)
        try await memoir.run(until: "tables")
        try await memoir.psql(
            """
            insert into chapter_sections (id, chapter_id, order_index, content)
            select gen_random_uuid(), gen_random_uuid(), 0, 'another table''s'
            """
        )
        try await memoir.swallow("first of 13")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.what.contains("a trigger or a rule swallows rows"))
        try await memoir.psql("drop trigger swallow on chapter_sections")
    }
}

extension Memoir {
    /// Makes the target drop the rows of a text without a word.
    fileprivate func swallow(_ text: String) async throws {
        try await psql(
            """
            create function swallow() returns trigger language plpgsql as
                $$ begin if new.content = '\(text)' then return null; end if; return new; end $$;
            create trigger swallow before insert on chapter_sections for each row execute function swallow();
            """)
    }
}
