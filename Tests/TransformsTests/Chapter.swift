import Postgres
import Testing

@testable import Transforms

/// A source row for tests, and what the transform makes of it.
struct Chapter {
    var content: [UInt8]?
    var contentType: DocumentType
    var images: [UInt8]?
    var imagesType: DocumentType
    var key = Array("0b6f2f6e-3a0e-4a53-9d8e-0f5a4d1c2b3a".utf8)

    init(
        _ content: String?, _ contentType: DocumentType = .json, images: String? = nil,
        _ imagesType: DocumentType = .json
    ) {
        self.content = content.map { Array($0.utf8) }
        self.contentType = contentType
        self.images = images.map { Array($0.utf8) }
        self.imagesType = imagesType
    }

    /// One row of `chapter_sections`, decoded from the tuple format of binary COPY.
    struct Section: Equatable {
        var id: [UInt8]
        var chapter: [UInt8]
        var order: Int
        var title: [UInt8]?
        var content: [UInt8]
        var image: PlainJSON?
        var attributes: PlainJSON
    }

    struct Result {
        var outcome: MemoirSections.Outcome
        var sections: [Section]
        var bytes: [UInt8]
    }

    /// Runs the transform in a buffer that holds a row already, which must stay as it is.
    func transform() throws(Reject) -> Result {
        var sections = MemoirSections(content: contentType, images: imagesType)
        return try transform(with: &sections)
    }

    func transform(with sections: inout MemoirSections) throws(Reject) -> Result {
        var rows = CopyRows()
        rows.appendRow(fields: 1, size: 0) { $0.appendNull() }
        let before = rows.size
        do throws(Reject) {
            let outcome = try apply(&sections, &rows)
            let bytes = rows.withBytes { Array($0.dropFirst(before)) }
            #expect(rows.count == outcome.rows + 1)
            return Result(outcome: outcome, sections: Self.decode(bytes), bytes: bytes)
        } catch {
            #expect(rows.size == before, "a rejected chapter left bytes behind")
            #expect(rows.count == 1, "a rejected chapter left rows behind")
            throw error
        }
    }

    private func apply(
        _ sections: inout MemoirSections, _ rows: inout CopyRows
    ) throws(Reject) -> MemoirSections.Outcome {
        try key.lend { key throws(Reject) in
            try (content ?? []).lend { body throws(Reject) in
                try (images ?? []).lend { pictures throws(Reject) in
                    try sections.apply(
                        SourceRow(
                            keyText: key, keyBinary: key, content: content == nil ? nil : body,
                            images: images == nil ? nil : pictures), to: &rows)
                }
            }
        }
    }

    private static func decode(_ bytes: [UInt8]) -> [Section] {
        var fields = CopyFields(bytes)
        var sections: [Section] = []
        while fields.beginRow(of: 7) {
            sections.append(
                Section(
                    id: fields.next() ?? [], chapter: fields.next() ?? [], order: fields.nextInteger() ?? -1,
                    title: fields.next(), content: fields.next() ?? [], image: fields.nextJSON(),
                    attributes: fields.nextJSON() ?? .null))
        }
        return sections
    }
}
