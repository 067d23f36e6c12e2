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
        // Everything that may be refused comes first, so that no row is begun in vain.
        let url = try string(picture.url, of: picture)
        let caption = try string(picture.caption, of: picture)
        try setAttributes(of: picture)
        begin(row, to: &rows)
        append(url, to: &rows)
        append(caption, to: &rows)
        if let width = picture.width { rows.append(width) } else { rows.appendNull() }
        if let height = picture.height { rows.append(height) } else { rows.appendNull() }
        rows.appendJSONB { $0.appendRaw(attributes) }
    }

    private mutating func write(url: UnsafeRawBufferPointer, of row: PictureRow, to rows: inout CopyRows) {
        begin(row, to: &rows)
        rows.append(url)
        rows.appendNull()  // caption
        rows.appendNull()  // width
        rows.appendNull()  // height
        rows.appendJSONB(ExactJSON.emptyObject)
    }

    private func string(_ key: PictureKey?, of picture: PictureObject) throws(Reject) -> Document.Node? {
        guard let key, let string = picture[key] else { return nil }
        guard document.isStorable(string) else { throw place.member(key.name).badText }
        return string
    }

    /// Every key whose value is in no column.
    private mutating func setAttributes(of picture: PictureObject) throws(Reject) {
        attributes.removeAll(keepingCapacity: true)
        guard picture.hasAttributes else {
            return ExactJSON.emptyObject.withUTF8Buffer { attributes.append(contentsOf: $0) }
        }
        try ExactJSON.appendMembers(of: document.root, of: document, to: &attributes, place: place) { key in
            PictureKey(key, in: document).map { !picture.isInColumn($0) } ?? true
        }
    }

    /// The row as far as it follows from the keys.
    private mutating func begin(_ row: PictureRow, to rows: inout CopyRows) {
        rows.beginRow(fields: Self.targetColumns.count)
        name.removeSubrange(prefixLength...)
        name.append(contentsOf: row.keyText)
        UUIDv5.with(name) { rows.append($0) }
        switch subject {
        case .cover:
            rows.append(row.keyBinary)
            rows.appendNull()
        case .section:
            if let chapter = row.chapter { rows.append(chapter) } else { rows.appendNull() }
            rows.append(row.keyBinary)
        }
    }

    private func append(_ string: Document.Node?, to rows: inout CopyRows) {
        guard let string else { return rows.appendNull() }
        if let plain = document.plainContents(of: string) { return rows.append(plain) }
        rows.append(document.contents(of: string))
    }
}
