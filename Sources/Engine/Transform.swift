import Pipelines
import Postgres
import Transforms

/// The built-in transform that a stream names, prepared for the columns it reads. One value serves one worker.
struct Transform {
    /// What a source row became.
    struct Outcome {
        let rows: Int
        let cover: [UInt8]?
        let unmapped: [String]
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
private func printable(_ name: [UInt8]) -> String {
    var text = ""
    for scalar in String(decoding: name, as: UTF8.self).unicodeScalars {
        if scalar.value < 0x20 || scalar.value == 0x7F {
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
    return text
}
