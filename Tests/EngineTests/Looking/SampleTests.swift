import Engine
import Postgres
import Support
import Testing

@Suite("What a sample and previews show")
struct SampleTests {
    private static let bad = """
        insert into chapters values (gen_random_uuid(), '{"foo": 1}', null), (gen_random_uuid(), '[1]', null),
            (gen_random_uuid(), '[2]', null), (gen_random_uuid(), null, null),
            (gen_random_uuid(), '{"blocks": ["a", "b", "c"], "extra": 1, "more": {"x": 2}}', '[{"url": "u"}]');
        """

    @Test("a sample of all rows says what a run then does")
    func whole() async throws {
        let memoir = try await Memoir(30)
        try await memoir.psql(Self.bad)
        let tally = try #require(try await memoir.plan().samples.first?.tally)
        #expect(tally.isWhole && tally.rows == 35)
        let rejects = tally.rejects.map { "\($0.code) \($0.count)" }
        #expect(rejects == ["bad-section 2", "unknown-shape 1"])
        #expect(tally.rejects[0].examples.count == 2 && tally.rejects[0].examples[0].message.hasPrefix("content[0]"))
        #expect(tally.unmapped.map { "\($0.name) \($0.count)" } == ["extra 1", "more 1"])
        let result = try await memoir.run()
        #expect(result.outcomes == [tally.rows, tally.migrated, tally.empty, tally.rejected, 0])
        #expect(result.rows?.targetRows == tally.targetRows)
        let covers = try await memoir.psql("select count(*) from chapters where cover_image is not null")
        #expect(covers == String(tally.writtenBack))
    }

    @Test("a sample of a larger table is about as large as wanted, spread over it, and the same each time")
    func spread() async throws {
        let memoir = try await Memoir(3000, key: .bigint)
        try await memoir.psql("analyze chapters; update chapters set content = '[1]' where id > 2700")
        let tally = try #require(try await memoir.plan(sample: 300).samples.first?.tally)
        #expect(!tally.isWhole && tally.rows > 200 && tally.rows <= 300)
        // A tenth of the table is bad, at its end.
        #expect(tally.rejected > 5 && tally.rejected < 80)
        #expect(try await memoir.plan(sample: 300).samples.first?.tally == tally)
        #expect(try await memoir.plan(sample: 0).samples.isEmpty)
    }

    @Test("documents beyond a batch's bytes, and beyond the limit of one, are sampled as a run takes them")
    func large() async throws {
        var memoir = try await Memoir(20, key: .bigint)
        memoir.limits.bytes = 3000
        memoir.limits.documentBytes = 5000
        try await memoir.psql(
            "update chapters set content = to_jsonb(repeat('long ', case when id = 7 then 2000 else 200 end))")
        let tally = try #require(try await memoir.plan().samples.first?.tally)
        #expect(tally.rows == 20 && tally.rejects.map(\.code) == ["too-large"])
        #expect(tally.documentBytes > 19_000)
    }

    @Test("a preview shows the very rows that the run writes, in the order of the key")
    func previews() async throws {
        let memoir = try await Memoir(12, key: .bigint)
        try await memoir.psql(
            "update chapters set content = '[7]' where id = 2; update chapters set content = null, images = null where id = 4"
        )
        let shown = try await memoir.previews(11)
        #expect(shown.impossible.isEmpty)
        #expect(shown.rows.map(\.key) == (1...11).map(String.init))
        #expect(
            shown.rows[1].fate
                == .rejected(code: "bad-section", message: "content[0]: neither a string, an object nor null"))
        #expect(shown.rows[3].fate == .empty && shown.rows[3].documents.map(\.excerpt) == [nil, nil])
        #expect(shown.rows[2].documents.first?.excerpt == #"["first of 3", "second"]"#)
        try await memoir.run()
        for preview in shown.rows {
            guard case .rows(let targets) = preview.fate else { continue }
            let values = targets[0].rows.map { row in
                row.map { "\($0.column)=\($0.excerpt ?? "NULL")" }.joined(separator: "|")
            }
            let real = try await memoir.psql(
                """
                select concat_ws('|', 'id=' || id, 'chapter_id=' || chapter_id, 'order_index=' || order_index,
                                 'title=' || coalesce(title, 'NULL'), 'content=' || content,
                                 'image=' || coalesce(image::text, 'NULL'), 'attributes=' || attributes::text)
                  from chapter_sections where chapter_id = \(preview.key) order by order_index
                """)
            #expect(values.joined(separator: "\n") == real)
            let cover = try await memoir.psql("select cover_image from chapters where id = \(preview.key)")
            #expect((preview.writtenBack?.excerpt ?? "").replacing(": ", with: ":") == cover.replacing(": ", with: ":"))
        }
    }

    @Test("pictures are previewed, too, with what is carried over; long values are cut")
    func pictures() async throws {
        let memoir = try await Memoir(3)
        try await memoir.psql("update chapters set content = to_jsonb(repeat('愛', 5000))")
        let long = try await memoir.previews(1)
        let content = try #require(long.rows.first?.documents.first)
        #expect(content.length == 5002 && content.excerpt?.unicodeScalars.count == 2000)
        try await memoir.run()
        let shown = try await memoir.of("memoir-images").previews(10)
        let rows = shown.rows.filter { $0.stage == "images" }.compactMap { preview in
            if case .rows(let targets) = preview.fate { (preview.key, targets[0].rows[0]) } else { nil }
        }
        #expect(rows.count == 1)
        for (key, row) in rows {
            #expect(row.first { $0.column == "section_id" }?.excerpt == key)
            let chapter = row.first { $0.column == "chapter_id" }?.excerpt ?? ""
            #expect(try await memoir.psql("select chapter_id from chapter_sections where id = '\(key)'") == chapter)
        }
    }

    @Test("a source that cannot be read is told, with the reason")
    func impossible() async throws {
        let memoir = try await Memoir(1)
        try await memoir.psql("alter table chapters rename column images to pictures")
        let plan = try await memoir.plan()
        guard case .impossible(let reasons) = plan.samples.first?.outcome else { return #expect(Bool(false)) }
        #expect(reasons == ["public.chapters has no column images"])
        #expect(try await memoir.previews(1).impossible == ["sections: public.chapters has no column images"])
    }
}
