import Pipelines
import Postgres
import Transforms

/// The built-in transform that a stream names, prepared for the columns it reads. One value serves one worker.
struct Transform {
    /// One row of the source; its bytes are lent.
    struct Row {
        let keyText: UnsafeRawBufferPointer
        let keyBinary: UnsafeRawBufferPointer
        let documents: [UnsafeRawBufferPointer?]
        let carried: [UnsafeRawBufferPointer?]
    }

    /// What a source row became.
    struct Outcome {
        let rows: Int
        var cover: [UInt8]?
        var unmapped: [[UInt8]] = []
    }

    // A box that is changed in place; an enum's payload would be copied for every row, with all its buffers.
    private var work: any RowTransform
    private let text: LedgerText

    init(_ transform: BuiltInTransform, tables: StreamTables) {
        text = tables.ledgerText
        // Such a database lets no other bytes in. If it has some all the same, it refuses them again, row by row.
        let isKnownUTF8 = tables.ledgerText.isUnicode
        let columns = tables.columns
        switch transform {
        case .memoirSections:
            work = MemoirSections(content: columns[0].type, images: columns[1].type, isKnownUTF8: isKnownUTF8)
        case .memoir:
            work = Memoir(content: columns[0].type, images: columns[1].type, isKnownUTF8: isKnownUTF8)
        case .memoirImages:
            // What is carried over is the chapter; a picture without one belongs to the chapter itself.
            work = MemoirImages(
                tables.carry.isEmpty ? .cover : .section, column: columns[0].name.name, type: columns[0].type,
                isKnownUTF8: isKnownUTF8)
        }
    }

    /// Adds the rows that a source row gives; throws where it must be rejected, and has then added nothing.
    mutating func apply(_ row: Row, to rows: inout TargetRows) throws(Reject) -> Outcome {
        var outcome = try work.apply(row, to: &rows)
        if !outcome.unmapped.isEmpty { outcome.unmapped = outcome.unmapped.map(text.printable) }
        return outcome
    }
}

/// What every built-in transform does with a row.
private protocol RowTransform {
    mutating func apply(_ row: Transform.Row, to rows: inout TargetRows) throws(Reject) -> Transform.Outcome
}

extension MemoirSections: RowTransform {
    fileprivate mutating func apply(
        _ row: Transform.Row, to rows: inout TargetRows
    ) throws(Reject) -> Transform.Outcome {
        Transform.Outcome(try apply(SourceRow(row), to: &rows.first))
    }
}

extension Memoir: RowTransform {
    fileprivate mutating func apply(
        _ row: Transform.Row, to rows: inout TargetRows
    ) throws(Reject) -> Transform.Outcome {
        Transform.Outcome(try apply(SourceRow(row), sections: &rows.first, pictures: &rows.second))
    }
}

extension MemoirImages: RowTransform {
    fileprivate mutating func apply(
        _ row: Transform.Row, to rows: inout TargetRows
    ) throws(Reject) -> Transform.Outcome {
        let picture = PictureRow(
            keyText: row.keyText, keyBinary: row.keyBinary, picture: row.documents[0],
            chapter: row.carried.first ?? nil)
        return Transform.Outcome(rows: try apply(picture, to: &rows.first))
    }
}

extension SourceRow {
    fileprivate init(_ row: Transform.Row) {
        self.init(
            keyText: row.keyText, keyBinary: row.keyBinary, content: row.documents[0], images: row.documents[1])
    }
}

extension Transform.Outcome {
    fileprivate init(_ chapter: MemoirSections.Outcome) {
        self.init(rows: chapter.rows, cover: chapter.cover, unmapped: chapter.unmapped)
    }
}
