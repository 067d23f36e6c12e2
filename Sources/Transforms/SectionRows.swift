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

    /// Forgets the section and keeps the memory.
    mutating func clear() {
        title.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
        image.removeAll(keepingCapacity: true)
        attributes.removeAll(keepingCapacity: true)
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
        rows.beginRow(fields: fields)
        setNumber()
        UUIDv5.with(name) { id in
            rows.append(id)
            if pictures.areWritten { pictures.begin(id) }
        }
        rows.append(keyBinary)
        rows.append(count)
        if section.title.isEmpty { rows.appendNull() } else { section.title.lend { rows.append($0) } }
        section.text.lend { rows.append($0) }
        if section.image.isEmpty { rows.appendNull() } else { Self.append(section.image, to: &rows) }
        // No array that all workers share is touched for each row: to count who holds it makes them wait for each other.
        if section.attributes.isEmpty {
            rows.appendJSONB(ExactJSON.emptyObject)
        } else {
            Self.append(section.attributes, to: &rows)
        }
        if pictures.areWritten {
            if section.image.isEmpty {
                rows.appendNull()
            } else {
                try pictures.write(section.image, in: keyBinary)
                UUIDv5.with(pictures.name) { rows.append($0) }
            }
        }
        count += 1
    }

    private static func append(_ json: [UInt8], to rows: inout CopyRows) {
        json.lend { bytes in rows.appendJSONB { $0.appendRaw(bytes) } }
    }

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
