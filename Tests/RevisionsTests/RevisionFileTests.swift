import Postgres
import Revisions
import Testing

@Suite struct RevisionFileTests {
    private func read(_ text: String) throws(RevisionFileError) -> RevisionFile {
        try RevisionFile(path: "sql/revisions/a.sql", bytes: Array(text.utf8))
    }

    @Test("a file says what the revision is called, what it stands on, and the statements of both directions")
    func whole() throws {
        let file = try read(
            """
            -- title: add model_name: two tables
            -- revision: 9d41f7a02c33
            -- revises: 8f3a1c92d0b4, aa11
            -- branch labels: novel
            -- depends on: other, bb22
            -- created: 2026-02-14 09:30:00+00
            -- run: chapter-sections
            -- Free words, with a colon in a whole sentence: they are left alone.

            -- upgrade
            alter table a add b text; -- here
            create index c on a (b);

            -- downgrade
            alter table a drop b;
            """)
        let parents = [RevisionID("8f3a1c92d0b4"), RevisionID("aa11")].compactMap { $0 }
        #expect(file.revision.id.text == "9d41f7a02c33")
        #expect(file.revision.parents == parents)
        #expect(file.revision.dependencies == ["other", "bb22"])
        #expect(file.revision.labels.map(\.text) == ["novel"])
        #expect(file.title == "add model_name: two tables")
        #expect(file.pipeline == "chapter-sections")
        #expect(file.upgrade.script.statements.map(\.line) == [11, 12])
        #expect(file.downgrade?.script.statements.map(\.text) == ["alter table a drop b"])
        #expect(file.upgrade.isTransactional)
    }

    @Test("line ends of Windows and a byte order mark change nothing")
    func windows() throws {
        let file = try read("\u{FEFF}-- revision: a\r\n-- revises: none\r\n-- upgrade\r\nselect 1;\r\n-- downgrade\r\n")
        #expect(file.revision == RevisionID("a").map { Revision($0) })
        #expect(file.downgrade?.script.statements.isEmpty == true)
    }

    @Test(
        "statements run outside of a transaction where the header, or their section, says so",
        arguments: [
            ("-- revision: a\n-- no transaction\n-- upgrade\nselect 1;\n-- downgrade\nselect 2;", false, false),
            ("-- revision: a\n-- upgrade\n-- no transaction\nselect 1;\n-- downgrade\nselect 2;", false, true),
            ("-- revision: a\n-- upgrade\nselect 1;\n-- downgrade\n\n-- no transaction\nselect 2;", true, false),
            ("-- revision: a\n-- upgrade\nselect 1\n-- no transaction\n;\n-- downgrade\nselect 2;", true, true),
        ])
    func transactions(text: String, upgrade: Bool, downgrade: Bool) throws {
        let file = try read(text)
        #expect(file.upgrade.isTransactional == upgrade)
        #expect(file.downgrade?.isTransactional == downgrade)
    }

    @Test("without a line for it there is no way back; with an empty section the way back is nothing")
    func wayBack() throws {
        #expect(try !read("-- revision: a\n-- upgrade\nselect 1;").isReversible)
        #expect(try read("-- revision: a\n-- upgrade\nselect 1;\n-- downgrade").isReversible)
        #expect(try read("-- revision: a\n-- run: p").isReversible)
    }

    @Test(
        "what is no revision is refused with its line",
        arguments: [
            ("-- upgrade\nselect 1;", nil, RevisionFileError.Reason.noName),
            ("-- revision: head\n-- upgrade\n", 1, .badValue("revision")),
            ("-- revision: a-b\n-- upgrade\n", 1, .badValue("revision")),
            ("-- revision: a\n-- revises:\n-- upgrade\n", 2, .badValue("revises")),
            ("-- revision: a\n-- revise: b\n-- upgrade\n", 2, .unknownKey("revise")),
            ("-- revision: a\n-- revision: b\n-- upgrade\n", 2, .repeatedKey("revision")),
            ("-- revision: a\nselect 1;\n-- upgrade\n", 2, .statementInHeader),
            ("-- revision: a\nselect 1;\n", 2, .statementInHeader),
            ("-- revision: a\n", nil, .noUpgrade),
            ("-- revision: a\n-- downgrade\n-- upgrade\n", 3, .sectionsOutOfOrder),
            ("-- revision: a\n-- upgrade\n-- upgrade\n", 3, .sectionsOutOfOrder),
        ] as [(String, Int?, RevisionFileError.Reason)])
    func refused(text: String, line: Int?, reason: RevisionFileError.Reason) {
        #expect(throws: RevisionFileError(path: "sql/revisions/a.sql", line: line, reason: reason)) { try read(text) }
    }

    @Test("a line in a function's body that looks like a section is refused, never taken for one")
    func body() {
        let text =
            "-- revision: a\n-- upgrade\ncreate function f() returns int language sql as $$\n-- downgrade\nselect 1 $$;"
        #expect(throws: RevisionFileError.self) { try read(text) }
    }

    @Test("a new revision's file has a name that sorts by time, and reads as what was meant")
    func new() throws {
        let moment = NewRevision.Moment(
            year: 2026, month: 2, day: 13, hour: 12, minute: 0, second: 5, epoch: 1_770_984_005)
        let id = try #require(RevisionID("8f3a1c92d0b4"))
        let parent = try #require(RevisionID("aa11"))
        let new = NewRevision(
            revision: Revision(
                id, parents: [parent], dependencies: ["bb"], labels: [BranchLabel("novel")].compactMap { $0 }),
            title: "Update ai_conversations comments", created: moment, pipeline: "memoir-images")
        #expect(new.fileName() == "20260213_1200_8f3a1c92d0b4_update_ai_conversations_comments.sql")
        #expect(new.fileName(template: "%(rev)s") == "8f3a1c92d0b4.sql")
        #expect(new.fileName(template: "%(epoch)d_%(day)d_%(second).2d") == "1770984005_13_05.sql")
        #expect(new.fileName(template: "%(nothing)s") == nil)
        #expect(new.fileName(template: "../%(rev)s") == nil)
        let file = try read(new.text)
        #expect(file.revision == new.revision)
        #expect(file.title == new.title)
        #expect(file.created == "2026-02-13 12:00:05+00")
        #expect(file.pipeline == "memoir-images")
    }
}
