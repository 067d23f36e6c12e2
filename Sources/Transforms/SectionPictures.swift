import Postgres

/// Writes the pictures of sections as rows of `memoir_images`, while the sections themselves are written.
struct SectionPictures {
    /// Whether they are written at all; if not, they only stay with their sections.
    let areWritten: Bool
    /// The rows so far; lent while a chapter is at work.
    var rows = CopyRows()
    /// What a picture's id is made of: a word, a slash, and the section's id as it is printed.
    private(set) var name = [UInt8]("section/".utf8)
    private var images = MemoirImages(.section, column: "image", type: .json)

    private static let prefixLength = "section/".utf8.count

    init(areWritten: Bool) {
        self.areWritten = areWritten
    }

    /// Writes a section's picture, which is JSON text.
    mutating func write(
        _ image: [UInt8], of section: UUIDv5, in chapter: UnsafeRawBufferPointer
    ) throws(Reject) {
        name.removeSubrange(Self.prefixLength...)
        // As PostgreSQL prints it.
        for index in section.bytes.indices {
            if index == 4 || index == 6 || index == 8 || index == 10 { name.append(UInt8(ascii: "-")) }
            name.append(Self.hexDigit(section.bytes[index] >> 4))
            name.append(Self.hexDigit(section.bytes[index] & 15))
        }
        try withUnsafeBytes(of: section.bytes) { section throws(Reject) in
            try name.lend { name throws(Reject) in
                try image.lend { image throws(Reject) in
                    let row = PictureRow(
                        keyText: name.part(Self.prefixLength..<name.count), keyBinary: section, picture: image,
                        chapter: chapter)
                    _ = try images.apply(row, to: &rows)
                }
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
