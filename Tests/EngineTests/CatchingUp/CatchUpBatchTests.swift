import Support
import Testing

@testable import Engine

@Suite("Catching up with what a batch made of two tables")
struct CatchUpBatchTests {
    /// A section that got a picture after the pictures were moved, and was read by the batch before they followed.
    private func readTooEarly() async throws -> Memoir {
        let memoir = try await Memoir(12)
        try await memoir.run()
        try await memoir.of("memoir-images").run()
        try await memoir.psql(
            """
            update chapter_sections set image = '{"url": "late.jpg"}'
             where id = (select min(id::text)::uuid from chapter_sections where image is null)
            """)
        try await memoir.of("section-image-id").run(until: "backfill")
        return memoir
    }

    private let unnamed = """
        select count(*) from memoir_images i join chapter_sections s on s.id = i.section_id
         where s.image_id is distinct from i.id
        """

    @Test(
        "names a picture that came when its section had been read already",
        arguments: ["memoir-images", "section-image-id"])
    func lateOther(pipeline: String) async throws {
        let memoir = try await readTooEarly()
        let pictures = try await memoir.psql("select count(*) from memoir_images where url = 'late.jpg'")
        #expect(pictures == "0")
        let changes = try await memoir.of(pipeline).catchUp()
        #expect(changes["images"]?.count == 1)
        #expect(changes["backfill"] == SourceChanges(changed: 1))
        #expect(try await memoir.psql("select count(*) from memoir_images where url = 'late.jpg'") == "1")
        #expect(try await memoir.psql(unnamed) == "0")
        let again = try await memoir.of(pipeline).catchUp()
        #expect(again.values.allSatisfy { $0.isEmpty }, "\(again)")
    }

    @Test("is what a verification begins with")
    func verified() async throws {
        let memoir = try await readTooEarly()
        try await memoir.of("memoir-images").catchUp()
        try await memoir.of("section-image-id").run()
        #expect(try await memoir.of("section-image-id").verify().hasPassed)
        #expect(try await memoir.psql(unnamed) == "0")
    }
}
