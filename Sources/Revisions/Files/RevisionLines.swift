/// The lines of a revision's file.
struct RevisionLines {
    private let bytes: [UInt8]
    /// Where each line begins; and the end.
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        starts = [0] + bytes.indices.lazy.filter { bytes[$0] == 0x0a }.map { $0 + 1 } + [bytes.count]
    }

    var count: Int { starts.count - 1 }

    /// The bytes of some lines, with as many line feeds in front that they keep their numbers.
    func bytes(_ lines: Range<Int>) -> [UInt8] {
        Array(repeating: 0x0a, count: lines.lowerBound) + bytes[starts[lines.lowerBound]..<starts[lines.upperBound]]
    }

    /// What a line says that is a comment, or nothing: without the hyphens and the white space around it. Nil for any
    /// other line.
    func comment(_ line: Int) -> String? {
        var text = bytes[starts[line]..<starts[line + 1]]
        if line == 0, text.starts(with: [0xef, 0xbb, 0xbf]) { text = text.dropFirst(3) }
        text = Self.trimmed(text)
        if text.isEmpty { return "" }
        guard text.starts(with: Array("--".utf8)) else { return nil }
        return String(decoding: Self.trimmed(text.dropFirst(2)), as: UTF8.self)
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}

/// Where the sections of a revision's file are, in lines counted from 0.
struct RevisionSections {
    let headerEnd: Int
    private(set) var upgrade: Range<Int>?
    private(set) var downgrade: Range<Int>?

    init(path: String, lines: RevisionLines) throws(RevisionFileError) {
        // A line that looks like these inside a function's body makes a second one, or cuts the body open: both is refused.
        let upgrades = (0..<lines.count).filter { lines.comment($0) == "upgrade" }
        let downgrades = (0..<lines.count).filter { lines.comment($0) == "downgrade" }
        let markers = upgrades + downgrades
        guard upgrades.count < 2, downgrades.count < 2, markers == markers.sorted() else {
            throw RevisionFileError(path: path, line: (markers.max() ?? 0) + 1, reason: .sectionsOutOfOrder)
        }
        headerEnd = markers.first ?? lines.count
        upgrade = upgrades.first.map { $0 + 1..<(downgrades.first ?? lines.count) }
        downgrade = downgrades.first.map { $0 + 1..<lines.count }
    }
}
