import Glibc

/// Cuts Markdown into sections at headings and pictures, from top to bottom.
///
/// It works on ranges of the text, which has LF as its only line break; what a picture means is for the
/// caller to find out.
struct MarkdownCuts {
    /// One section, or one picture with the text before it.
    struct Cut: Equatable {
        var title: Range<Int>?
        var text: Range<Int>
        var picture: MarkdownPicture?
    }

    private enum LineStart {
        case fence(UInt8)
        case heading(title: Range<Int>)
        case text
    }

    private let text: UnsafeRawBufferPointer
    private var pictures: MarkdownPictures
    private var position = 0
    private var lineEnd = 0
    private var isLineStart = true
    private var sectionStart = 0
    private var title: Range<Int>?
    /// The character of the fence that is open.
    private var fence: UInt8?
    private var isFinished = false

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
        pictures = MarkdownPictures(text)
        lineEnd = endOfLine(from: 0)
    }

    /// The next section that has a title, text or a picture.
    mutating func next() -> Cut? {
        while position < text.count {
            if isLineStart {
                switch readLineStart() {
                case .fence(let character):
                    if fence == nil { fence = character } else if fence == character { fence = nil }
                    skipLine()
                    continue
                case .heading(let range) where fence == nil:
                    let cut = finishSection(at: position, picture: nil)
                    title = range.isEmpty ? nil : range
                    skipLine()
                    sectionStart = position
                    if let cut { return cut }
                    continue
                default: break
                }
            }
            if fence == nil, let (range, picture) = pictures.next(in: position..<lineEnd) {
                let cut = finishSection(at: range.lowerBound, picture: picture)
                position = range.upperBound
                sectionStart = position
                isLineStart = false
                return cut
            }
            skipLine()
        }
        guard !isFinished else { return nil }
        isFinished = true
        return finishSection(at: text.count, picture: nil)
    }

    private mutating func finishSection(at end: Int, picture: MarkdownPicture?) -> Cut? {
        let range = Whitespace.trim(sectionStart..<end, of: text)
        defer { title = nil }
        guard title != nil || !range.isEmpty || picture != nil else { return nil }
        return Cut(title: title, text: range, picture: picture)
    }

    private mutating func skipLine() {
        position = min(lineEnd + 1, text.count)
        lineEnd = endOfLine(from: position)
        isLineStart = true
    }

    private func endOfLine(from start: Int) -> Int {
        text.firstIndex(of: UInt8(ascii: "\n"), from: start)
    }

    private func readLineStart() -> LineStart {
        switch text[position] {
        case UInt8(ascii: "#"):
            let marks = count(UInt8(ascii: "#"), from: position)
            let end = position + marks
            guard marks <= 6, end < lineEnd, text[end] == 0x20 else { return .text }
            return .heading(title: Whitespace.trim(end..<lineEnd, of: text))
        case 0x20, UInt8(ascii: "`"), UInt8(ascii: "~"):
            let start = position + count(0x20, from: position)
            guard start - position <= 3, start < lineEnd else { return .text }
            let character = text[start]
            guard character == UInt8(ascii: "`") || character == UInt8(ascii: "~") else { return .text }
            return count(character, from: start) >= 3 ? .fence(character) : .text
        default:
            return .text
        }
    }

    private func count(_ byte: UInt8, from start: Int) -> Int {
        var end = start
        while end < lineEnd, text[end] == byte { end += 1 }
        return end - start
    }
}

extension UnsafeRawBufferPointer {
    /// Where a byte next stands, or the end.
    func firstIndex(of byte: UInt8, from start: Int) -> Int {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return count }
        return UnsafeRawPointer(found) - base
    }
}
