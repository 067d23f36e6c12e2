/// Turns comments into blanks of the same length, so that every byte keeps its place and line.
enum CommentBlanker {
    static func blank(_ bytes: [UInt8]) throws(ConfigurationError) -> [UInt8] {
        var text = bytes
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.replaceSubrange(0..<3, with: [0x20, 0x20, 0x20]) }
        var position = 0
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""):
                position = endOfString(in: text, from: position)
            case UInt8(ascii: "/") where follows(UInt8(ascii: "/"), position, in: text):
                position = blankLine(in: &text, from: position)
            case UInt8(ascii: "/") where follows(UInt8(ascii: "*"), position, in: text):
                position = try blankBlock(in: &text, from: position)
            default:
                position += 1
            }
        }
        return text
    }

    private static func follows(_ byte: UInt8, _ position: Int, in text: [UInt8]) -> Bool {
        position + 1 < text.count && text[position + 1] == byte
    }

    private static func endOfString(in text: [UInt8], from start: Int) -> Int {
        var position = start + 1
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return position + 1
    }

    private static func blankLine(in text: inout [UInt8], from start: Int) -> Int {
        var position = start
        while position < text.count, text[position] != UInt8(ascii: "\n") {
            text[position] = 0x20
            position += 1
        }
        return position
    }

    private static func blankBlock(in text: inout [UInt8], from start: Int) throws(ConfigurationError) -> Int {
        var end = start + 2
        while end < text.count, text[end] != UInt8(ascii: "*") || !follows(UInt8(ascii: "/"), end, in: text) {
            end += 1
        }
        guard end < text.count else {
            throw ConfigurationError(
                line: LineTable(text).line(at: start), problem: "the comment that begins here has no end")
        }
        for place in start..<end + 2 where text[place] != UInt8(ascii: "\n") { text[place] = 0x20 }
        return end + 2
    }
}

/// Which line a byte is on.
struct LineTable {
    private let starts: [Int]

    init(_ text: [UInt8]) {
        let end = UInt8(ascii: "\n")
        var starts = [0]
        for place in text.indices where text[place] == end { starts.append(place + 1) }
        self.starts = starts
    }

    /// The line, counted from 1.
    func line(at offset: Int) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }
}
