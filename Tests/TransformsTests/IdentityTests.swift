import Testing

@testable import Transforms

@Suite("Ids of sections")
struct IdentityTests {
    @Test(
        "an id is what uuid_generate_v5 of uuid-ossp gives for the same name",
        arguments: [
            ("0b6f2f6e-3a0e-4a53-9d8e-0f5a4d1c2b3a/0", "044e2f08-0db2-5f7f-bd79-6812091e8434"),
            ("42/11", "26417151-1836-57b6-92bc-b0087c36ea48"),
            ("老屋/2147483646", "29ee333c-687c-5402-81d7-27aa815ad51e"),
            ("", "72937445-2b7a-58c5-a558-b8bb8f9f44f6"),
        ])
    func knownIds(name: String, id: String) {
        #expect(Self.hex(Self.bytes(name)) == id.filter { $0 != "-" })
    }

    @Test("a section's id is made of the chapter's key as printed, a slash and its number")
    func sectionIds() throws {
        var chapter = Chapter("[\(Array(repeating: "\"x\"", count: 12).joined(separator: ","))]")
        chapter.key = Array("42".utf8)
        let sections = try chapter.transform().sections
        #expect(sections.count == 12)
        #expect(Self.hex(sections[11].id) == "26417151183657b692bcb0087c36ea48")
        for section in sections {
            #expect(section.id == Self.bytes("42/\(section.order)"))
        }
    }

    private static func bytes(_ name: String) -> [UInt8] {
        withUnsafeBytes(of: UUIDv5(Array(name.utf8)).bytes) { Array($0) }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
