/// ASCII's white space, and nothing else: an ideographic space that opens a paragraph is text.
enum Whitespace {
    static func contains(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    /// Spaces and tabs, which stay on a line.
    static func isInline(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    static func isBlank(_ text: UnsafeRawBufferPointer) -> Bool {
        text.allSatisfy(contains)
    }

    /// A range less the white space at both ends.
    static func trim(_ range: Range<Int>, of text: UnsafeRawBufferPointer) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, contains(text[start]) { start += 1 }
        while start < end, contains(text[end - 1]) { end -= 1 }
        return start..<end
    }

    /// What a text column means: less the byte order mark that is its very first character, then trimmed.
    static func value(of column: UnsafeRawBufferPointer) -> Range<Int> {
        let hasMark = column.starts(with: [0xEF, 0xBB, 0xBF])
        return trim((hasMark ? 3 : 0)..<column.count, of: column)
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a range, counted from 0 again.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }
}

extension [UInt8] {
    /// Removes everything and keeps the memory; what is empty already costs nothing.
    mutating func clear() {
        if !isEmpty { removeAll(keepingCapacity: true) }
    }

    /// Lends the bytes; unlike `withUnsafeBytes` it keeps the type of the error.
    func lend<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        let result: Result<R, E> = withUnsafeBytes { buffer in
            do throws(E) { return .success(try body(buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
