import Engine
import Support
import Testing

@Suite("A target that nobody thought of")
struct OddTargetTests {
    /// Chapters, and a target that was there before, with another column in the place of `order_index`.
    private func chapters(with column: String, row: String = "") async throws -> Memoir {
        let memoir = try await Memoir(4)
        try await memoir.psql(
            """
            create table chapter_sections (id uuid primary key, chapter_id uuid not null, order_index int \(column),
                title text, content text not null, image jsonb, attributes jsonb not null default '{}',
                created_at timestamptz not null default now());
            \(row)
            """)
        return memoir
    }

    @Test("that makes a column's values itself stops the run, which names the column, and rejects nothing")
    func generated() async throws {
        let memoir = try await chapters(with: "generated always as (1) stored")
        let failure = try await memoir.failure { try await memoir.run() }
        #expect(failure.kind == .failed && failure.what.contains("order_index"), "\(failure)")
        #expect(try await memoir.psql("select count(*) from etl.rejects") == "0")
        #expect(try await memoir.psql("select count(*) from chapter_sections") == "0")
    }

    @Test("that would number rows itself gets our numbers by COPY; where rows are merged it stops the run")
    func identity() async throws {
        let memoir = try await chapters(with: "generated always as identity")
        #expect(try await memoir.run().outcomes == [4, 4, 0, 0, 0])
        #expect(try await memoir.verify().hasPassed)
        let merged = try await chapters(
            with: "generated always as identity",
            row: "insert into chapter_sections (id, chapter_id, content) select id, id, 'x' from chapters limit 1")
        try await merged.psql("update chapter_sections set chapter_id = gen_random_uuid()")
        let failure = try await merged.failure { try await merged.run(until: "sections") }
        #expect(failure.kind == .failed && failure.what.contains("order_index"), "\(failure)")
        #expect(try await merged.psql("select count(*) from etl.rejects") == "0")
    }

    @Test(
        "whose keys are the same to it where they differ in the source gives rejects, and never loses a chapter",
        .enabled(if: ServerFeature.icu.isThere, "the server was built without ICU"))
    func sameKeys() async throws {
        let memoir = try await Memoir(key: .text)
        try await memoir.psql(
            """
            insert into chapters (id, content) values ('a', '["one"]'), ('A', '["two"]'), ('b', '["three"]');
            create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            create table chapter_sections (id uuid primary key, chapter_id text collate any_case not null,
                order_index int not null, title text, content text not null, image jsonb,
                attributes jsonb not null default '{}', created_at timestamptz not null default now(),
                unique (chapter_id, order_index))
            """)
        #expect(try await memoir.run(until: "sections").outcomes == [3, 2, 0, 1, 0])
        #expect(try await memoir.psql("select code, count(*) from etl.rejects group by 1") == "refused-by-server|1")
    }
}
