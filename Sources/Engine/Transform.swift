import Pipelines
import Postgres
import Transforms

/// The built-in transform that a stream names, prepared for the columns it reads. One value serves one worker.
struct Transform {
    /// What a source row became.
    struct Outcome {
        let rows: Int
        let cover: [UInt8]?
        let unmapped: [[UInt8]]
    }

    private enum Kind {
        case sections(MemoirSections)
        case images(MemoirImages)
        /// Only while a row is being transformed.
        case taken
    }

    private var kind: Kind
    private let text: LedgerText
    let targetColumns: [Identifier]

    /// The columns among a transform's that hold keys; the pipeline says what the target calls them.
    private static let chapter = Identifier("chapter_id" as StaticString)
    private static let section = Identifier("section_id" as StaticString)

    init(_ transform: BuiltInTransform, tables: StreamTables) {
        text = tables.ledgerText
        var names: [Identifier: Identifier] = [:]
        switch transform {
        case .memoirSections:
            kind = .sections(MemoirSections(content: tables.columns[0].type, images: tables.columns[1].type))
            names[Self.chapter] = tables.parent[0]
            targetColumns = Self.columns(MemoirSections.targetColumns, names)
        case .memoirImages:
            let column = tables.columns[0]
            // What is carried over is the chapter; a picture without one belongs to the chapter itself.
            let isCover = tables.carry.isEmpty
            kind = .images(MemoirImages(isCover ? .cover : .section, column: column.name.name, type: column.type))
            names[isCover ? Self.chapter : Self.section] = tables.parent[0]
            names[Self.chapter] = tables.carry.first ?? tables.parent[0]
            targetColumns = Self.columns(MemoirImages.targetColumns, names)
        }
    }

    private static func columns(_ texts: [String], _ names: [Identifier: Identifier]) -> [Identifier] {
        texts.compactMap { Identifier($0) }.map { names[$0] ?? $0 }
    }

    /// Adds the rows that a source row gives; throws where it must be rejected, and has then added nothing.
    mutating func apply(
        keyText: UnsafeRawBufferPointer, keyBinary: UnsafeRawBufferPointer, documents: [UnsafeRawBufferPointer?],
        carried: [UnsafeRawBufferPointer?], to rows: inout CopyRows
    ) throws(Reject) -> Outcome {
        switch kind {
        case .sections(var sections):
            // Moved out and back, because a copy would copy its buffers.
            kind = .taken
            defer { kind = .sections(sections) }
            let row = SourceRow(
                keyText: keyText, keyBinary: keyBinary, content: documents[0], images: documents[1])
            let outcome = try sections.apply(row, to: &rows)
            return Outcome(rows: outcome.rows, cover: outcome.cover, unmapped: outcome.unmapped.map(text.printable))
        case .images(var images):
            kind = .taken
            defer { kind = .images(images) }
            let row = PictureRow(
                keyText: keyText, keyBinary: keyBinary, picture: documents[0], chapter: carried.first ?? nil)
            return Outcome(rows: try images.apply(row, to: &rows), cover: nil, unmapped: [])
        case .taken: preconditionFailure("a transform that is in use")
        }
    }
}
