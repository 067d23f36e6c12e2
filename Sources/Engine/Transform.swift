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
    let targetColumns: [Identifier]

    init(_ transform: BuiltInTransform, columns: [DocumentType]) {
        switch transform {
        case .memoirSections:
            memoirSections = MemoirSections(content: columns[0], images: columns[1])
            targetColumns = MemoirSections.targetColumns.compactMap { Identifier($0) }
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
        return Outcome(rows: outcome.rows, cover: outcome.cover, unmapped: outcome.unmapped.map(printable))
    }
}

/// A key of a document as the ledger and people can name it: control characters escaped as in JSON.
private func printable(_ name: [UInt8]) -> [UInt8] {
    guard name.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return name }
    return name.flatMap { byte -> [UInt8] in
        guard byte < 0x20 || byte == 0x7F else { return [byte] }
        let digits = String(byte, radix: 16)
        return Array(("\\u00" + (digits.count == 1 ? "0" : "") + digits).utf8)
    }
}
