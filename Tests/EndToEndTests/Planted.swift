import Support
import Testing

/// A change that somebody makes by hand after the run.
struct Planted: Sendable, CustomTestStringConvertible {
    let name: String
    let sql: String
    /// What verify must name: the key, what is there, and what should be.
    let said: [String]

    init(_ name: String, _ sql: String, said: String...) {
        self.name = name
        self.sql = sql
        self.said = said
    }

    var testDescription: String { name }
}

/// Chapters and sections that the changes are made to; beside them there are generated ones.
enum Planting {
    static let chapter = "00000000-0000-4000-8000-00000000000a"
    static let plain = "00000000-0000-4000-8000-00000000000b"

    static let chapters = """
        insert into chapters (id, content, images, cover_image) values
            ('\(chapter)', '[
                {"title": "One", "text": "first text", "image": {"url": "a.jpg", "alt": "Alpha", "ratio": 1.10}},
                {"text": "second text", "image": {"url": "b.jpg", "width": 640}}, "third text"]', null, null),
            ('\(plain)', '["only text"]', null, null);
        insert into \(MemoirDatabase.copiedChapters) select * from chapters where id in ('\(chapter)', '\(plain)');
        insert into judge_before select id, cover_image from chapters where id in ('\(chapter)', '\(plain)');
        """

    /// The sections and the pictures are made.
    static let pictured = Task {
        let database = try await MemoirDatabase.holding(
            Chapters(rows: 80, seed: 31, content: .json, images: .json, bad: 0.05, covers: .every, isCopied: true))
        try await database.psql(chapters)
        let run = try await database.etl("run", "chapter-sections", "memoir-images")
        #expect(run.status == 3, "\(run.stderr)")
        return database
    }

    /// The sections name their pictures, too.
    static let done = Task {
        let database = try await pictured.value.copyWithRuns()
        let run = try await database.etl("run", "section-image-id")
        #expect(run.status == 0, "\(run.stderr)")
        return database
    }

    /// The id of one of the chapter's sections, as SQL.
    static func section(_ place: Int) -> String {
        "(select id from chapter_sections where chapter_id = '\(chapter)' and order_index = \(place))"
    }

    static let sections = [
        Planted(
            "a changed text", "update chapter_sections set content = 'fist text' where id = \(section(0))",
            said: chapter, "fist text", "first text"),
        Planted(
            "a changed number in a picture",
            "update chapter_sections set image = jsonb_set(image, '{ratio}', '1.1') where id = \(section(0))",
            said: chapter, "1.1", "1.10"),
        Planted(
            "a title that became empty", "update chapter_sections set title = '' where id = \(section(1))",
            said: chapter),
        Planted(
            "an attribute too many",
            "update chapter_sections set attributes = '{\"n\": 1}' where id = \(section(2))", said: chapter, "\"n\""),
        Planted(
            "a deleted section", "delete from chapter_sections where id = \(section(1))", said: chapter, "second text"),
        Planted(
            "a deleted last section", "delete from chapter_sections where id = \(section(2))", said: chapter,
            "third text"),
        Planted(
            "an extra section",
            """
            insert into chapter_sections (id, chapter_id, order_index, content)
            values (gen_random_uuid(), '\(chapter)', 3, 'extra text')
            """, said: chapter, "extra text"),
        Planted(
            "a section of a chapter that was rejected",
            """
            insert into chapter_sections (id, chapter_id, order_index, content)
            select gen_random_uuid(), (key #>> '{}')::uuid, 0, 'extra text' from etl.rejects
             where stage = 'sections' order by id limit 1
            """, said: "extra text"),
        Planted(
            "a swapped order",
            """
            begin;
            update chapter_sections set order_index = 9 where id = \(section(0));
            update chapter_sections set order_index = 0 where id = \(section(1));
            update chapter_sections set order_index = 1 where chapter_id = '\(chapter)' and order_index = 9;
            commit;
            """, said: chapter, "order_index"),
        Planted(
            "another id", "update chapter_sections set id = gen_random_uuid() where id = \(section(2))", said: chapter),
    ]

    static let pictures = [
        Planted(
            "a changed caption", "update memoir_images set caption = 'Alfa' where section_id = \(section(0))",
            said: "Alfa", "Alpha"),
        Planted(
            "a changed number",
            "update memoir_images set attributes = '{\"ratio\": 1.1}' where section_id = \(section(0))",
            said: "1.1", "1.10"),
        Planted(
            "a changed width", "update memoir_images set width = 641 where section_id = \(section(1))",
            said: "641", "640"),
        Planted(
            "a deleted picture of a section", "delete from memoir_images where section_id = \(section(1))",
            said: "b.jpg"),
        Planted(
            "a deleted cover",
            "delete from memoir_images where chapter_id = '\(chapter)' and section_id is null", said: chapter, "a.jpg"),
        Planted(
            "an extra picture of a section",
            """
            insert into memoir_images (id, chapter_id, section_id, url)
            values (gen_random_uuid(), '\(chapter)', \(section(2)), 'extra.jpg')
            """, said: "extra.jpg"),
        Planted(
            "an extra cover",
            "insert into memoir_images (id, chapter_id, url) values (gen_random_uuid(), '\(plain)', 'extra.jpg')",
            said: plain, "extra.jpg"),
    ]

    /// Who writes to image_id writes to the row whose picture it names: these are changes since.
    static let imageIDs = [
        Planted(
            "no picture", "update chapter_sections set image_id = null where id = \(section(0))",
            said: "(nothing)"),
        Planted(
            "the picture of another",
            """
            update chapter_sections set image_id = (select id from memoir_images where section_id = \(section(1)))
             where id = \(section(0))
            """, said: "found"),
        Planted(
            "a picture where there is none",
            """
            update chapter_sections set image_id = (select id from memoir_images where section_id = \(section(1)))
             where id = \(section(2))
            """, said: "(nothing)"),
        Planted(
            "a deleted picture, which empties image_id, too",
            "delete from memoir_images where section_id = \(section(1))", said: "b.jpg"),
    ]
}
