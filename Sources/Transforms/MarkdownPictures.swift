/// A picture as Markdown names it, in ranges of the text.
enum MarkdownPicture: Equatable {
    /// `{{image:KEY}}`
    case marker(whole: Range<Int>, key: Range<Int>)
    /// `![ALT](URL "TITLE")`
    case link(alt: Range<Int>, url: Range<Int>)
}

/// Finds pictures in Markdown, the leftmost first.
///
/// What it has found out about places further on is kept, so that no text takes more than linear time.
struct MarkdownPictures {
    private let text: UnsafeRawBufferPointer
    private var nextMarker = -1
    private var nextLink = -1
    private var nextBracket = -1
    /// A `]` that is known not to be followed by a url.
    private var uselessBracket = -1

    init(_ text: UnsafeRawBufferPointer) {
        self.text = text
    }

    /// The first picture that lies wholly in a range, which is (the rest of) one line.
    mutating func next(in line: Range<Int>) -> (Range<Int>, MarkdownPicture)? {
        var start = line.lowerBound
        while true {
            if nextMarker < start { nextMarker = find(UInt8(ascii: "{"), UInt8(ascii: "{"), from: start) }
            if nextLink < start { nextLink = find(UInt8(ascii: "!"), UInt8(ascii: "["), from: start) }
            let candidate = min(nextMarker, nextLink)
            guard candidate < line.upperBound else { return nil }
            let isMarker = candidate == nextMarker
            if let found = isMarker
                ? marker(at: candidate, end: line.upperBound) : link(at: candidate, end: line.upperBound)
            {
                return found
            }
            start = candidate + 1
        }
    }

    private func find(_ first: UInt8, _ second: UInt8, from start: Int) -> Int {
        var place = text.firstIndex(of: first, from: start)
        while place + 1 < text.count, text[place + 1] != second {
            place = text.firstIndex(of: first, from: place + 1)
        }
        return place + 1 < text.count ? place : text.count
    }

    private func skipBlanks(from start: Int, end: Int) -> Int {
        var place = start
        while place < end, Whitespace.isInline(text[place]) { place += 1 }
        return place
    }

    private func marker(at start: Int, end: Int) -> (Range<Int>, MarkdownPicture)? {
        var place = skipBlanks(from: start + 2, end: end)
        let word: StaticString = "image"
        guard place + word.utf8CodeUnitCount < end else { return nil }
        for offset in 0..<word.utf8CodeUnitCount {
            guard text[place + offset] | 0x20 == word.utf8Start[offset] else { return nil }
        }
        place = skipBlanks(from: place + word.utf8CodeUnitCount, end: end)
        guard place < end, text[place] == UInt8(ascii: ":") else { return nil }
        let keyStart = skipBlanks(from: place + 1, end: end)
        place = keyStart
        while place < end, text[place] != UInt8(ascii: "{"), text[place] != UInt8(ascii: "}") { place += 1 }
        guard place + 1 < end, text[place] == UInt8(ascii: "}"), text[place + 1] == UInt8(ascii: "}") else {
            return nil
        }
        var keyEnd = place
        while keyEnd > keyStart, Whitespace.isInline(text[keyEnd - 1]) { keyEnd -= 1 }
        let whole = start..<place + 2
        return (whole, .marker(whole: whole, key: keyStart..<keyEnd))
    }

    private mutating func link(at start: Int, end: Int) -> (Range<Int>, MarkdownPicture)? {
        if nextBracket < start + 2 { nextBracket = text.firstIndex(of: UInt8(ascii: "]"), from: start + 2) }
        guard nextBracket < end, nextBracket != uselessBracket else { return nil }
        guard let (url, close) = target(after: nextBracket, end: end) else {
            uselessBracket = nextBracket
            return nil
        }
        return (start..<close, .link(alt: start + 2..<nextBracket, url: url))
    }

    /// `(URL "TITLE")`: the url, and where it all ends.
    private func target(after bracket: Int, end: Int) -> (url: Range<Int>, close: Int)? {
        guard bracket + 1 < end, text[bracket + 1] == UInt8(ascii: "(") else { return nil }
        let start = skipBlanks(from: bracket + 2, end: end)
        guard let urlEnd = endOfURL(from: start, end: end), urlEnd > start else { return nil }
        var place = skipBlanks(from: urlEnd, end: end)
        if place > urlEnd, place < end, text[place] == UInt8(ascii: "\"") {
            place += 1
            while place < end, text[place] != UInt8(ascii: "\"") { place += 1 }
            guard place < end else { return nil }
            place = skipBlanks(from: place + 1, end: end)
        }
        guard place < end, text[place] == UInt8(ascii: ")") else { return nil }
        return (start..<urlEnd, place + 1)
    }

    /// A url goes on to white space or the parenthesis that closes it all; nil where parentheses nest or stay
    /// open.
    private func endOfURL(from start: Int, end: Int) -> Int? {
        var isNested = false
        for place in start..<end {
            switch text[place] {
            case UInt8(ascii: "("):
                if isNested { return nil }
                isNested = true
            case UInt8(ascii: ")"):
                if !isNested { return place }
                isNested = false
            case let byte where Whitespace.contains(byte):
                return isNested ? nil : place
            default:
                continue
            }
        }
        return nil
    }
}
