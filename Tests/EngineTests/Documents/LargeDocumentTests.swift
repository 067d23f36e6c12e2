import Foundation
import Support
import Testing

@testable import Engine

@Suite("A document above the limit")
struct LargeDocumentTests {
    @Test(
        "that compression makes small is not fetched either, in either column",
        arguments: ["text", "json", "jsonb"], ["content", "images"])
    func compressed(type: String, column: String) async throws {
        let memoir = try await Memoir(
            3, documents: type, limits: BatchLimits(rows: 100, workers: 1))
        try await memoir.psql(
            """
            alter table chapters alter images type \(type) using images::\(type);
            update chapters set \(column) = ('["' || repeat('x', 20000000) || '"]')::\(type) where id = \(Memoir.key(2))
            """)
        let stored = try await memoir.psql("select max(pg_column_size(\(column))) < 1000000 from chapters")
        #expect(stored == "t")
        #expect(try await memoir.run().outcomes == [3, 2, 0, 1, 0])
        #expect(
            try await memoir.psql("select code, message like '%8388608 bytes, not fetched' from etl.rejects")
                == "too-large|t")
        // All that was read of three chapters.
        let bytes = try await memoir.psql("select sum(bytes) < 1000 from etl.chunks where stage = 'sections'")
        #expect(bytes == "t")
    }

    @Test("is moved by a retry with a higher one, and verified with it")
    func higherLimit() async throws {
        var memoir = try await Memoir(3, limits: BatchLimits(rows: 100, documentBytes: 10_000, workers: 1))
        try await memoir.psql(
            "update chapters set content = jsonb_build_array(repeat('x', 50000)) where id = \(Memoir.key(2))")
        #expect(try await memoir.run().outcomes == [3, 2, 0, 1, 0])
        #expect(try await memoir.retry().resolved == 0)
        memoir.limits.documentBytes = 100_000
        #expect(try await memoir.retry().resolved == 1)
        #expect(try await memoir.psql("select max(length(content)) from chapter_sections") == "50000")
        #expect(try await memoir.verify().hasPassed)
        // With the old one what is there cannot be compared, and nothing passes that was not.
        memoir.limits.documentBytes = 10_000
        let result = try await memoir.verify()
        #expect(!result.hasPassed)
        #expect(result.differences.contains { "\($0)".contains("larger than 10000 bytes") })
    }

    /// `ETL_HUGE=1` asks for it: the server needs some gigabytes of memory to make such rows.
    @Test(
        "of hundreds of megabytes, in both columns, is rejected like any other",
        .enabled(if: ProcessInfo.processInfo.environment["ETL_HUGE"] != nil, "ETL_HUGE asks for it"),
        arguments: [
            ("text", "repeat('x', 600000000)"), ("json", "('[\"' || repeat('x', 600000000) || '\"]')::json"),
            ("jsonb", "jsonb_build_array(repeat('x', 250000000))"),
        ])
    func huge(type: String, value: String) async throws {
        let memoir = try await Memoir(3, documents: type, limits: BatchLimits(rows: 100, workers: 1))
        try await memoir.psql(
            """
            alter table chapters alter images type \(type) using images::\(type);
            update chapters set content = \(value) where id = \(Memoir.key(2));
            update chapters set images = \(value) where id = \(Memoir.key(2))
            """)
        #expect(try await memoir.run().outcomes == [3, 2, 0, 1, 0])
        #expect(try await memoir.psql("select code from etl.rejects") == "too-large")
        #expect(try await memoir.verify().hasPassed)
    }
}
