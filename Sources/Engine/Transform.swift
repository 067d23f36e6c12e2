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

    private var memoirSections: MemoirSections
    private let text: LedgerText
    let targetColumns: [Identifier]

    /// The column among the transform's that holds the source's key; the pipeline says what the target calls it.
    private static let parentColumn = Identifier("chapter_id" as StaticString)

    init(_ transform: BuiltInTransform, tables: StreamTables) {
        text = tables.ledgerText
        switch transform {
        case .memoirImages: fatalError("not there yet")
        case .memoirSections:
            memoirSections = MemoirSections(content: tables.columns[0].type, images: tables.columns[1].type)
            targetColumns = MemoirSections.targetColumns.compactMap { Identifier($0) }
                .map { $0 == Self.parentColumn ? tables.parent[0] : $0 }
        }
    }

    /// Adds the rows that a source row gives; throws where it must be rejected, and has then added nothing.
    mutating func apply(
        keyText: UnsafeRawBufferPointer, keyBinary: UnsafeRawBufferPointer, documents: [UnsafeRawBufferPointer?],
        to rows: inout CopyRows
    ) throws(Reject) -> Outcome {
        let row = SourceRow(
            keyText: keyText, keyBinary: keyBinary, content: documents[0], images: documents[1])
        let outcome = try memoirSections.apply(row, to: &rows)
        return Outcome(rows: outcome.rows, cover: outcome.cover, unmapped: outcome.unmapped.map(text.printable))
    }
}
