import JSON
import Postgres

/// One section before it is written; what is empty here is NULL, or the column's empty value, in its row.
struct SectionDraft {
    var title: [UInt8] = []
    var text: [UInt8] = []
    /// JSON text.
    var image: [UInt8] = []
    /// JSON text.
    var attributes: [UInt8] = []

    /// How many bytes there are.
    var size: Int { title.count + text.count + image.count + attributes.count }

    /// Forgets the section and keeps the memory.
    mutating func clear() {
        title.clear()
        text.clear()
        image.clear()
        attributes.clear()
    }
}

/// Writes the sections of one chapter as rows, numbered from 0.
struct SectionRows {
    /// Where their pictures are written, too, if they are.
    var pictures: SectionPictures
    private let fields: Int
    private var keyBinary = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What a section's id is made of: the chapter's key, a slash, and the number.
    private var name: [UInt8] = []
    private var prefixLength = 0
    /// How many rows were written.
    private(set) var count: Int32 = 0

    init(pictures: SectionPictures) {
        self.pictures = pictures
        fields = MemoirSections.targetColumns.count + (pictures.areWritten ? 1 : 0)
    }

    /// Goes on to another chapter.
    mutating func begin(_ row: SourceRow) {
        keyBinary = row.keyBinary
        name.removeAll(keepingCapacity: true)
        name.append(contentsOf: row.keyText)
        name.append(UInt8(ascii: "/"))
        prefixLength = name.count
        count = 0
    }

    /// Writes one row.
    mutating func write(_ section: SectionDraft, to rows: inout CopyRows) throws(Reject) {
        setNumber()
        let id = UUIDv5(name)
        var picture: UUIDv5?
        if pictures.areWritten, !section.image.isEmpty {
            try pictures.write(section.image, of: id, in: keyBinary)
            picture = UUIDv5(pictures.name)
        }
        rows.appendRow(fields: fields, size: Self.fixedSize + keyBinary.count + section.size) { row in
            row.appendField(id.bytes)
            row.appendField(keyBinary)
            row.appendField(count)
            if section.title.isEmpty { row.appendNull() } else { row.appendField(section.title) }
            row.appendField(section.text)
            if section.image.isEmpty { row.appendNull() } else { row.appendJSONB(section.image) }
            // No array that all workers share is touched for each row: to count who holds it makes them wait for each other.
            if section.attributes.isEmpty {
                row.appendJSONB(ExactJSON.emptyObject)
            } else {
                row.appendJSONB(section.attributes)
            }
            guard pictures.areWritten else { return }
            if let picture { row.appendField(picture.bytes) } else { row.appendNull() }
        }
        count += 1
    }

    /// Both ids, the number, the versions of two `jsonb`, and an object without members.
    private static let fixedSize = 16 + 16 + 4 + 2 + 2

    private mutating func setNumber() {
        while name.count > prefixLength { name.removeLast() }
        var power: Int32 = 1
        while count / power >= 10 { power *= 10 }
        while power > 0 {
            name.append(UInt8(ascii: "0") + UInt8(count / power % 10))
            power /= 10
        }
    }
}
