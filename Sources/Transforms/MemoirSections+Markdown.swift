import JSON
import Postgres

/// Markdown: text that is cut at headings and pictures.
extension MemoirSections {
    /// Writes the sections of a JSON string.
    mutating func writeMarkdown(string: Document.Node, to rows: inout CopyRows) throws(Reject) {
        let isSuspect = !content.isStorable(string)
        if let plain = content.plainContents(of: string) {
            return try writeMarkdown(plain, isSuspect: isSuspect, to: &rows)
        }
        let resolved = content.contents(of: string)
        try resolved.lend { bytes throws(Reject) in
            try writeMarkdown(bytes, isSuspect: isSuspect, to: &rows)
        }
    }

    /// Writes the sections of a text; a suspect one may hold what cannot be stored, so each piece is checked.
    mutating func writeMarkdown(
        _ text: UnsafeRawBufferPointer, isSuspect: Bool, to rows: inout CopyRows
    ) throws(Reject) {
        guard text.firstIndex(of: UInt8(ascii: "\r"), from: 0) < text.count else {
            return try writeCuts(of: text, isSuspect: isSuspect, to: &rows)
        }
        let normal = Self.withUnixLineBreaks(text)
        try normal.lend { bytes throws(Reject) in try writeCuts(of: bytes, isSuspect: isSuspect, to: &rows) }
    }

    /// CRLF and CR become LF.
    private static func withUnixLineBreaks(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var normal: [UInt8] = []
        normal.reserveCapacity(text.count)
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: UInt8(ascii: "\r"), from: start)
            normal.append(contentsOf: text.part(start..<end))
            guard end < text.count else { break }
            normal.append(UInt8(ascii: "\n"))
            start = end + 1
            if start < text.count, text[start] == UInt8(ascii: "\n") { start += 1 }
        }
        return normal
    }

    private mutating func writeCuts(
        of text: UnsafeRawBufferPointer, isSuspect: Bool, to rows: inout CopyRows
    ) throws(Reject) {
        var cuts = MarkdownCuts(text)
        while let cut = cuts.next() {
            if let title = cut.title { draft.title.append(contentsOf: text.part(title)) }
            draft.text.append(contentsOf: text.part(cut.text))
            if let picture = cut.picture { try setImage(picture, in: text) }
            if isSuspect, !isDraftStorable {
                throw Self.place(of: cut.text.lowerBound, in: text).badText
            }
            try writeSection(to: &rows)
        }
    }

    private var isDraftStorable: Bool {
        draft.title.lend(UTF8Check.isStorable) && draft.text.lend(UTF8Check.isStorable)
    }

    private mutating func setImage(
        _ picture: MarkdownPicture, in text: UnsafeRawBufferPointer
    ) throws(Reject) {
        switch picture {
        case .marker(let whole, let key):
            guard let index = pictures.take(marker: text.part(whole), key: text.part(key)) else {
                throw Self.place(of: whole.lowerBound, in: text).reject(
                    .missingImage, "\(Excerpt.of(text.part(whole))), images has \(pictures.elements.count)")
            }
            try pictures.append(index, to: &draft.image)
        case .link(let alt, let url):
            if let index = pictures.take(url: text.part(url)) {
                return try pictures.append(index, to: &draft.image)
            }
            guard UTF8Check.isStorable(text.part(url)), UTF8Check.isStorable(text.part(alt)) else {
                throw Self.place(of: url.lowerBound, in: text).badText
            }
            PictureText.append(url: text.part(url), caption: text.part(alt), to: &draft.image)
        }
    }

    /// The line on which something stands, which is found only when there is something to report.
    private static func place(of offset: Int, in text: UnsafeRawBufferPointer) -> Place {
        let breaks = text.part(0..<offset).reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        return Place("content").line(breaks + 1)
    }
}
