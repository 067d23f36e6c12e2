import Support
import Testing

@testable import Engine

@Suite("The address of a picture")
struct OddAddressTests {
    @Test(
        "comes through as it is, be it five megabytes of data, or something that terminals obey",
        arguments: [
            "'data:image/png;base64,' || repeat('iVBORw0K', 655360)", #"e'a\x1b[2J\x07\n\u202e.jpg'"#,
        ])
    func roundTrip(address: String) async throws {
        let memoir = try await Memoir(3)
        try await memoir.psql(
            "update chapters set images = jsonb_build_array(\(address)) where id = \(Memoir.key(3))")
        try await memoir.inRow()
        #expect(try await memoir.psql("select count(*) from memoir_images where url = \(address)") == "2")
        #expect(try await memoir.psql("select count(*) from memoir_images") == "2")
        #expect(try await memoir.psql("select count(*) from chapter_sections where image_id is not null") == "1")
        for pipeline in ["chapter-sections", "memoir-images", "section-image-id"] {
            #expect(try await memoir.of(pipeline).verify().hasPassed)
        }
    }
}
