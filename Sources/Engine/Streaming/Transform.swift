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
        case memoir(Memoir)
        /// Only while a row is being transformed.
        case taken
    }

    private var kind: Kind
    private let text: LedgerText

    init(_ transform: BuiltInTransform, tables: StreamTables) {
        text = tables.ledgerText
        // Such a database lets no other bytes in. If it has some all the same, it refuses them again, row by row.
        let isKnownUTF8 = tables.ledgerText.isUnicode
        let columns = tables.columns
        switch transform {
        case .memoirSections:
            kind = .sections(
                MemoirSections(content: columns[0].type, images: columns[1].type, isKnownUTF8: isKnownUTF8))
        case .memoir:
            kind = .memoir(Memoir(content: columns[0].type, images: columns[1].type, isKnownUTF8: isKnownUTF8))
        case .memoirImages:
            // What is carried over is the chapter; a picture without one belongs to the chapter itself.
            let subject: MemoirImages.Subject = tables.carry.isEmpty ? .cover : .section
            kind = .images(
                MemoirImages(
                    subject, column: columns[0].name.name, type: columns[0].type, isKnownUTF8: isKnownUTF8))
        }
    }

    /// Adds the rows that a source row gives; throws where it must be rejected, and has then added nothing.
    mutating func apply(
        keyText: UnsafeRawBufferPointer, keyBinary: UnsafeRawBufferPointer, documents: [UnsafeRawBufferPointer?],
        carried: [UnsafeRawBufferPointer?], to rows: inout TargetRows
    ) throws(Reject) -> Outcome {
        // Each is moved out and back, because a copy would copy its buffers.
        switch kind {
        case .sections(var sections):
            kind = .taken
            defer { kind = .sections(sections) }
            let row = SourceRow(
                keyText: keyText, keyBinary: keyBinary, content: documents[0], images: documents[1])
            return outcome(try sections.apply(row, to: &rows.first))
        case .memoir(var memoir):
            kind = .taken
            defer { kind = .memoir(memoir) }
            let row = SourceRow(
                keyText: keyText, keyBinary: keyBinary, content: documents[0], images: documents[1])
            return outcome(try memoir.apply(row, sections: &rows.first, pictures: &rows.second))
        case .images(var images):
            kind = .taken
            defer { kind = .images(images) }
            let row = PictureRow(
                keyText: keyText, keyBinary: keyBinary, picture: documents[0], chapter: carried.first ?? nil)
            return Outcome(rows: try images.apply(row, to: &rows.first), cover: nil, unmapped: [])
        case .taken: preconditionFailure("a transform that is in use")
        }
    }

    private func outcome(_ chapter: MemoirSections.Outcome) -> Outcome {
        Outcome(rows: chapter.rows, cover: chapter.cover, unmapped: chapter.unmapped.map(text.printable))
    }
}
