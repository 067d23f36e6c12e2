import Support
import Testing

@testable import Engine

@Suite("What is written after a verification")
struct LaterWritesTests {
    private func migrated() async throws -> Memoir {
        let memoir = try await Memoir(6)
        try await memoir.psql("update chapters set content = '[1]' where id = \(Memoir.key(2))")
        try await memoir.run()
        return memoir
    }

    private func columns(_ memoir: Memoir) async throws -> String {
        try await memoir.psql(
            "select count(*) from information_schema.columns where table_name = 'chapters' and column_name = 'content'")
    }

    @Test("to the target is found before anything is dropped")
    func target() async throws {
        let memoir = try await migrated()
        try await memoir.psql("delete from chapter_sections where chapter_id = \(Memoir.key(5))")
        let failure = try await memoir.refusal(memoir.consent(rejects: 1))
        #expect("\(failure.what) \(failure.details)".contains("1 wrong"))
        #expect(try await columns(memoir) == "1")
    }

    @Test(
        "to the source is brought over before anything is dropped",
        arguments: [
            "update chapters set content = content where id = KEY", "update chapters set content = content",
            "update chapters set content = '[\"one\", \"two\", \"three\"]' where id = KEY",
            "insert into chapters (id, content) values (gen_random_uuid(), '[\"new\"]')",
            "delete from chapters where id = KEY", "update chapters set content = content; vacuum full chapters",
        ])
    func source(statement: String) async throws {
        let memoir = try await Memoir(6)
        try await memoir.run()
        try await memoir.psql(statement.replacing("KEY", with: Memoir.key(3)))
        try await memoir.drop()
        #expect(try await columns(memoir) == "0")
        // What was dropped says what should be there.
        let expected = "select id, jsonb_array_length(content) from etl.archive_1_drop_old_columns"
        let found = "select chapter_id, count(*) from chapter_sections where image is null group by 1"
        #expect(try await memoir.psql("(\(expected)) except (\(found))") == "")
        #expect(try await memoir.psql("(\(found)) except (\(expected))") == "")
    }

    @Test("to a rejected chapter makes it another one than was accepted, and is brought over")
    func rejected() async throws {
        let memoir = try await migrated()
        try await memoir.psql("update chapters set content = '[2]' where id = \(Memoir.key(2))")
        #expect(try await memoir.verify().counts == ["equal": 5, "rejected": 1])
        try await memoir.psql("update chapters set content = '[\"good\"]' where id = \(Memoir.key(2))")
        _ = try await memoir.drop(memoir.consent(rejects: 1))
        #expect(try await columns(memoir) == "0")
        #expect(try await memoir.psql("select state from etl.rejects") == "resolved")
        #expect(
            try await memoir.psql("select content from chapter_sections where chapter_id = \(Memoir.key(2))") == "good")
    }

    @Test("that brings keys which nothing reads holds up the drop by their names")
    func unmapped() async throws {
        let memoir = try await migrated()
        try await memoir.psql(
            #"update chapters set content = '{"sections": ["first of 5", "second"], "secret": 1}' where id = \#(Memoir.key(5))"#
        )
        #expect(try await memoir.verify().hasPassed)
        let failure = try await memoir.refusal(memoir.consent(rejects: 1))
        #expect("\(failure.what) \(failure.details)".contains("secret"))
        try await memoir.drop(memoir.consent(unmapped: ["secret"]))
        #expect(try await columns(memoir) == "0")
    }
}
