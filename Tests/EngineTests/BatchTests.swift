import Support
import Testing

@testable import Engine

@Suite("Filling a column in batches")
struct BatchTests {
    private static let images = "memoir-images"
    private static let imageIDs = "section-image-id"

    /// Thirty chapters with their pictures, ten of them of sections, and the column for these, which is empty.
    private func ready() async throws -> Memoir {
        let memoir = try await Memoir(30)
        try await memoir.run()
        try await memoir.of(Self.images).run()
        try await memoir.of(Self.imageIDs).run(until: "column")
        return memoir
    }

    @Test("waits for nobody who holds rows that it has nothing to write to")
    func unheld() async throws {
        let memoir = try await ready()
        let application = try await HeldTransaction(
            in: memoir, "select from chapter_sections where image is null for update")
        let recorder = Recorder()
        try await memoir.of(Self.imageIDs).run(until: "backfill", reporter: recorder)
        #expect(recorder.retries.isEmpty)
        try await application.commit()
        #expect(try await memoir.psql("select count(image_id) from chapter_sections") == "10")
        #expect(try await memoir.of(Self.images).run().changes == SourceChanges())
    }

    @Test("leaves to catch-up what somebody wrote to between its look at a row and its own write")
    func writtenBetween() async throws {
        let memoir = try await ready()
        let application = try await HeldTransaction(
            in: memoir,
            """
            update chapter_sections set image = jsonb_build_object('url', 'new.jpg')
             where chapter_id = \(Memoir.key(3)) and image is not null
            """)
        async let run = memoir.of(Self.imageIDs).run(until: "backfill")
        let waiting = "select count(*) > 0 from pg_locks where not granted and locktype = 'transactionid'"
        #expect(await eventually { (try? memoir.database.psql(waiting)) == "t" })
        try await application.commit()
        _ = try await run
        #expect(try await memoir.psql("select count(image_id) from chapter_sections") == "10")
        // All ten were ours to fill, and are ours to clear.
        let written = "select sum(length(written_values)) / 8 from etl.chunks where stage = 'backfill'"
        #expect(try await memoir.psql(written) == "10")
        #expect(try await memoir.of(Self.images).run().changes == SourceChanges(new: 0, changed: 1, vanished: 0))
        try await memoir.of(Self.images).catchUp()
        #expect(try await memoir.psql("select count(*) from memoir_images where url = 'new.jpg'") == "1")
        for pipeline in [Self.images, Self.imageIDs] {
            try await memoir.of(pipeline).run()
            #expect(try await memoir.of(pipeline).verify().hasPassed)
        }
    }
}
