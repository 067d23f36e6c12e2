import JSON
public import Postgres

/// One picture of the source, as it came over the wire; the bytes must outlive the call they are given to.
public struct PictureRow {
    /// The key of the chapter or section as PostgreSQL prints it; the id is made from it.
    public let keyText: UnsafeRawBufferPointer
    /// The key's binary form, copied as it is.
    public let keyBinary: UnsafeRawBufferPointer
    /// The picture; nil for NULL.
    public let picture: UnsafeRawBufferPointer?
    /// The binary form of the chapter that a section belongs to, copied as it is; nil for NULL. A cover needs none.
    public let chapter: UnsafeRawBufferPointer?

    /// A row of these four values.
    public init(
        keyText: UnsafeRawBufferPointer, keyBinary: UnsafeRawBufferPointer, picture: UnsafeRawBufferPointer?,
        chapter: UnsafeRawBufferPointer?
    ) {
        self.keyText = keyText
        self.keyBinary = keyBinary
        self.picture = picture
        self.chapter = chapter
    }
}

/// Turns a picture into a row of `memoir_images`.
///
/// One value serves one worker and row after row, which reuses its memory. It is pure: the same row always
/// gives the same bytes.
public struct MemoirImages {
    /// What the picture is the picture of.
    public enum Subject: Sendable {
        /// A chapter, which the key names.
        case cover
        /// A section, which the key names; its chapter comes with it.
        case section
    }

    /// The columns of `memoir_images` that are written, in this order.
    public static let targetColumns = [
        "id", "chapter_id", "section_id", "url", "caption", "width", "height", "attributes",
    ]

    private let subject: Subject
    private let place: Place
    private let type: DocumentType
    private var document: Document
    /// What an id is made of: what the picture is of, a slash, and the key.
    private var name: [UInt8]
    private let prefixLength: Int
    /// JSON text.
    private var attributes: [UInt8] = []

    /// Prepares for a column; its name says in rejects where a fault is. `isKnownUTF8` says that the server answers for the
    /// encoding of what it sends.
    public init(_ subject: Subject, column: String, type: DocumentType, isKnownUTF8: Bool = false) {
        self.subject = subject
        document = Document(isKnownUTF8: isKnownUTF8)
        place = Place(column)
        self.type = type
        name = Array((subject == .cover ? "cover/" : "section/").utf8)
        prefixLength = name.count
    }

    /// Adds a picture's row and says how many that are, 0 where there is no picture; when it throws, the rows are as
    /// they were.
    public mutating func apply(_ row: PictureRow, to rows: inout CopyRows) throws(Reject) -> Int {
        switch try PictureColumn.read(row.picture, as: type, into: &document, place: place) {
        case .nothing: return 0
        case .url(let text):
            guard UTF8Check.isStorable(text) else { throw place.badText }
            write(url: text, of: row, to: &rows)
        case .json:
            let root = document.root
            switch document.kind(of: root) {
            case .null: return 0
            case .object: try write(PictureObject(root, in: document), of: row, to: &rows)
            case .string where !document.isEmptyString(root):
                guard document.isStorable(root) else { throw place.badText }
                document.contents(of: root).lend { write(url: $0, of: row, to: &rows) }
            case .string, .array, .number, .true, .false:
                throw place.reject(.badImages, "neither an object nor a string with text")
            }
        }
        return 1
    }

    private mutating func write(
        _ picture: PictureObject, of row: PictureRow, to rows: inout CopyRows
    ) throws(Reject) {
        // Everything that may be refused comes first, so that no row is written in vain.
        let url = try string(picture.url, of: picture)
        let caption = try string(picture.caption, of: picture)
        try setAttributes(of: picture)
        let id = id(of: row)
        // No text is longer than it is in the source.
        let texts = [url, caption].compactMap(\.self).reduce(0) { $0 + document.source(of: $1).count }
        let size = Self.fixedSize + row.keySize + texts + attributes.count
        rows.appendRow(fields: Self.targetColumns.count, size: size) { fields in
            appendKeys(id, of: row, to: &fields)
            append(url, to: &fields)
            append(caption, to: &fields)
            if let width = picture.width { fields.appendField(width) } else { fields.appendNull() }
            if let height = picture.height { fields.appendField(height) } else { fields.appendNull() }
            fields.appendJSONB(attributes)
        }
    }

    private mutating func write(url: UnsafeRawBufferPointer, of row: PictureRow, to rows: inout CopyRows) {
        let id = id(of: row)
        let size = Self.fixedSize + row.keySize + url.count
        rows.appendRow(fields: Self.targetColumns.count, size: size) { fields in
            appendKeys(id, of: row, to: &fields)
            fields.appendField(url)
            fields.appendNull()  // caption
            fields.appendNull()  // width
            fields.appendNull()  // height
            fields.appendJSONB(ExactJSON.emptyObject)
        }
    }

    /// The id, width and height, the version of `jsonb`, and an object without members.
    private static let fixedSize = 16 + 4 + 4 + 1 + 2

    private func string(_ key: PictureKey?, of picture: PictureObject) throws(Reject) -> Document.Node? {
        guard let key, let string = picture[key] else { return nil }
        guard document.isStorable(string) else { throw place.member(key.name).badText }
        return string
    }

    /// Every key whose value is in no column.
    private mutating func setAttributes(of picture: PictureObject) throws(Reject) {
        attributes.clear()
        guard picture.hasAttributes else {
            return ExactJSON.emptyObject.withUTF8Buffer { attributes.append(contentsOf: $0) }
        }
        try ExactJSON.appendMembers(of: document.root, of: document, to: &attributes, place: place) { key in
            PictureKey(key, in: document).map { !picture.isInColumn($0) } ?? true
        }
    }

    private mutating func id(of row: PictureRow) -> UUIDv5 {
        name.removeSubrange(prefixLength...)
        name.append(contentsOf: row.keyText)
        return UUIDv5(name)
    }

    /// The row as far as it follows from the keys.
    private func appendKeys(_ id: UUIDv5, of row: PictureRow, to fields: inout OutputSpan<UInt8>) {
        fields.appendField(id.bytes)
        switch subject {
        case .cover:
            fields.appendField(row.keyBinary)
            fields.appendNull()
        case .section:
            if let chapter = row.chapter { fields.appendField(chapter) } else { fields.appendNull() }
            fields.appendField(row.keyBinary)
        }
    }

    private func append(_ string: Document.Node?, to fields: inout OutputSpan<UInt8>) {
        guard let string else { return fields.appendNull() }
        if let plain = document.plainContents(of: string) { return fields.appendField(plain) }
        fields.appendField(document.contents(of: string))
    }
}

extension PictureRow {
    /// How long the keys are that go into a row.
    fileprivate var keySize: Int { keyBinary.count + (chapter?.count ?? 0) }
}
