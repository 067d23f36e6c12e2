import JSON
public import Postgres

/// One row of the source, as it came over the wire; the bytes must outlive the call they are given to.
public struct SourceRow {
    /// The key as PostgreSQL prints it; ids are made from it.
    public let keyText: UnsafeRawBufferPointer
    /// The key's binary form, copied as it is.
    public let keyBinary: UnsafeRawBufferPointer
    /// The chapter's body; nil for NULL.
    public let content: UnsafeRawBufferPointer?
    /// The chapter's pictures; nil for NULL.
    public let images: UnsafeRawBufferPointer?

    /// A row of these four values.
    public init(
        keyText: UnsafeRawBufferPointer, keyBinary: UnsafeRawBufferPointer, content: UnsafeRawBufferPointer?,
        images: UnsafeRawBufferPointer?
    ) {
        self.keyText = keyText
        self.keyBinary = keyBinary
        self.content = content
        self.images = images
    }
}

/// Turns a chapter into its sections and its cover.
///
/// One value serves one worker and row after row, which reuses its memory. It is pure: the same row always
/// gives the same bytes.
public struct MemoirSections {
    /// What a chapter became.
    public struct Outcome: Equatable, Sendable {
        /// How many rows were written; 0 for an empty chapter.
        public let rows: Int
        /// The cover as JSON text, nil for none.
        public let cover: [UInt8]?
        /// Keys of the document that nothing reads, by name, each once.
        public let unmapped: [[UInt8]]
    }

    /// The columns of `chapter_sections` that are written, in this order.
    public static let targetColumns = [
        "id", "chapter_id", "order_index", "title", "content", "image", "attributes",
    ]

    let contentType: DocumentType
    let imagesType: DocumentType
    var content: Document
    var pictures: Pictures
    var sections: SectionRows
    /// What the block at hand names, in order.
    var named = NamedPictures()
    /// The picture of the first section that has one, for chapters without images.
    var firstImage: [UInt8] = []
    var unmapped: [[UInt8]] = []
    /// The section that is written next.
    var draft = SectionDraft()

    /// Prepares for columns of these types. `isKnownUTF8` says that the server answers for the encoding of what it sends.
    public init(content: DocumentType, images: DocumentType, isKnownUTF8: Bool = false) {
        self.init(content: content, images: images, isKnownUTF8: isKnownUTF8, writingPictures: false)
    }

    /// Prepares for a second buffer of rows beside the first, too: see `Memoir`.
    init(content: DocumentType, images: DocumentType, isKnownUTF8: Bool, writingPictures: Bool) {
        contentType = content
        imagesType = images
        self.content = Document(isKnownUTF8: isKnownUTF8)
        pictures = Pictures(isKnownUTF8: isKnownUTF8)
        sections = SectionRows(pictures: SectionPictures(areWritten: writingPictures))
    }

    /// Adds a chapter's sections to the rows; when it throws, the rows are as they were.
    public mutating func apply(_ row: SourceRow, to rows: inout CopyRows) throws(Reject) -> Outcome {
        let mark = rows.mark
        do throws(Reject) {
            sections.begin(row)
            draft.clear()
            firstImage.clear()
            unmapped = []
            try pictures.read(row.images, as: imagesType)
            try readContent(row.content, to: &rows)
            try writeLeftovers(to: &rows)
            return Outcome(rows: Int(sections.count), cover: try cover(), unmapped: unmapped)
        } catch {
            rows.truncate(to: mark)
            throw error
        }
    }

    private mutating func readContent(_ column: UnsafeRawBufferPointer?, to rows: inout CopyRows)
        throws(Reject)
    {
        guard let column else { return }
        guard contentType != .text else { return try readText(column, to: &rows) }
        if let error = parseError(in: column) { throw Self.malformed(error, at: error.offset) }
        switch content.kind(of: content.root) {
        case .null: return
        case .string: try writeMarkdown(string: content.root, to: &rows)
        case .array, .object: try readTree(to: &rows)
        case .number: throw Place("content").reject(.unknownShape, "a number is no text")
        case .true, .false: throw Place("content").reject(.unknownShape, "a boolean is no text")
        }
    }

    /// A text column holds a document only if it is one as a whole; everything else is Markdown.
    private mutating func readText(_ column: UnsafeRawBufferPointer, to rows: inout CopyRows) throws(Reject) {
        let range = Whitespace.value(of: column)
        let value = column.part(range)
        guard let first = value.first else { return }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            if let error = parseError(in: value) {
                if Self.opensLikeJSON(value) {
                    throw Self.malformed(error, at: range.lowerBound + error.offset)
                }
            } else {
                return try readTree(to: &rows)
            }
        }
        try writeMarkdown(value, isSuspect: !UTF8Check.isValid(value), to: &rows)
    }

    private mutating func parseError(in text: UnsafeRawBufferPointer) -> SyntaxError? {
        do throws(SyntaxError) {
            try content.parse(text)
            return nil
        } catch {
            return error
        }
    }

    /// Whether a text begins like a document that people cannot mean as prose: `{"`, `[{"` or `["`.
    private static func opensLikeJSON(_ value: UnsafeRawBufferPointer) -> Bool {
        var marks = value.lazy.filter { !Whitespace.contains($0) }.makeIterator()
        let first = marks.next()
        let second = marks.next()
        if second == UInt8(ascii: "\"") { return true }
        return first == UInt8(ascii: "[") && second == UInt8(ascii: "{") && marks.next() == UInt8(ascii: "\"")
    }

    private static func malformed(_ error: SyntaxError, at offset: Int) -> Reject {
        Place("content").reject(.malformedJSON, "not JSON at byte \(offset): \(error.problem)")
    }

    /// Every element of images that no section named follows as a section of its own.
    private mutating func writeLeftovers(to rows: inout CopyRows) throws(Reject) {
        for (index, element) in pictures.elements.enumerated() where element.form != .null && !element.isTaken {
            try writePicture(.element(index), at: Place("images"), to: &rows)
        }
    }

    private func cover() throws(Reject) -> [UInt8]? {
        guard let first = pictures.first else { return firstImage.isEmpty ? nil : firstImage }
        var cover: [UInt8] = []
        try pictures.append(first, to: &cover)
        return cover
    }
}
