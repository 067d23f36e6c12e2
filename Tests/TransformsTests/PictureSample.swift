import Postgres
import Testing

@testable import Transforms

/// A picture of the source for tests, and the row it becomes.
struct PictureSample {
    var picture: [UInt8]?
    var type: DocumentType
    var subject: MemoirImages.Subject
    var key = Array("0b6f2f6e-3a0e-4a53-9d8e-0f5a4d1c2b3a".utf8)
    /// No part of the key as it is printed, so that no test takes the one for the other.
    var keyBinary: [UInt8] = [1, 2, 3, 4]
    var chapter: [UInt8]? = [9, 8, 7]

    init(_ picture: String?, _ type: DocumentType = .json, of subject: MemoirImages.Subject = .cover) {
        self.picture = picture.map { Array($0.utf8) }
        self.type = type
        self.subject = subject
    }

    /// One row of `memoir_images`.
    struct Row: Equatable {
        var id: [UInt8]
        var chapter: [UInt8]?
        var section: [UInt8]?
        var facts: Facts
    }

    /// What a row says of its picture.
    struct Facts: Equatable {
        var url: [UInt8]?
        var caption: [UInt8]?
        var width: Int?
        var height: Int?
        var attributes: PlainJSON
    }

    /// A transform for this sample's column.
    var images: MemoirImages {
        MemoirImages(subject, column: subject == .cover ? "cover_image" : "image", type: type)
    }

    func transform() throws(Reject) -> Row? {
        var images = images
        return try transform(with: &images)
    }

    /// Runs the transform in a buffer that holds a row already, which must stay as it is.
    func transform(with images: inout MemoirImages) throws(Reject) -> Row? {
        var rows = CopyRows()
        rows.appendRow(fields: 1, size: 0) { $0.appendNull() }
        let before = rows.size
        do throws(Reject) {
            let count = try apply(&images, &rows)
            #expect(count == 0 || count == 1)
            #expect(rows.count == count + 1)
            let found = rows.withBytes { Self.decode(Array($0.dropFirst(before))) }
            #expect(found.count == count)
            return found.first
        } catch {
            #expect(rows.size == before, "a rejected picture left bytes behind")
            #expect(rows.count == 1, "a rejected picture left a row behind")
            throw error
        }
    }

    /// The refusal, if it is refused.
    func reject() -> Reject? {
        do throws(Reject) {
            _ = try transform()
            return nil
        } catch {
            return error
        }
    }

    private func apply(_ images: inout MemoirImages, _ rows: inout CopyRows) throws(Reject) -> Int {
        try key.lend { keyText throws(Reject) in
            try keyBinary.lend { keyBinary throws(Reject) in
                try (picture ?? []).lend { bytes throws(Reject) in
                    try (chapter ?? []).lend { chapterBytes throws(Reject) in
                        let row = PictureRow(
                            keyText: keyText, keyBinary: keyBinary, picture: picture == nil ? nil : bytes,
                            chapter: chapter == nil ? nil : chapterBytes)
                        return try images.apply(row, to: &rows)
                    }
                }
            }
        }
    }

    private static func decode(_ bytes: [UInt8]) -> [Row] {
        var fields = CopyFields(bytes)
        var rows: [Row] = []
        while fields.beginRow(of: 8) {
            rows.append(
                Row(
                    id: fields.next() ?? [], chapter: fields.next(), section: fields.next(),
                    facts: Facts(
                        url: fields.next(), caption: fields.next(), width: fields.nextInteger(),
                        height: fields.nextInteger(), attributes: fields.nextJSON() ?? .null)))
        }
        return rows
    }
}
