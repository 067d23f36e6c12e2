import Glibc

extension Document {
    /// The bytes between the quotes, when they are the string itself; nil when there are escapes to resolve.
    public func plainContents(of string: Node) -> UnsafeRawBufferPointer? {
        let record = records[string.index]
        guard record.kind == .string, !record.facts.contains(.escaped) else { return nil }
        return UnsafeRawBufferPointer(rebasing: text[Int(record.start) + 1..<Int(record.end) - 1])
    }

    /// Whether a node is the string without characters.
    public func isEmptyString(_ node: Node) -> Bool {
        let record = records[node.index]
        return record.kind == .string && record.end - record.start == 2
    }

    /// Adds what a string says, escapes resolved.
    ///
    /// A lone surrogate becomes the three bytes that UTF-8 would have for it, which no valid text holds:
    /// equal strings stay equal, and `UTF8Check` finds it.
    public func appendContents(of string: Node, to bytes: inout [UInt8]) {
        if let plain = plainContents(of: string) {
            bytes.append(contentsOf: plain)
            return
        }
        let record = records[string.index]
        let string = UnsafeRawBufferPointer(rebasing: text[Int(record.start) + 1..<Int(record.end) - 1])
        // No escape is shorter than what it stands for.
        bytes.append(addingCapacity: string.count) { contents in
            var position = 0
            while position < string.count {
                let left = UnsafeRawBufferPointer(rebasing: string[position...])
                let plain = Self.bytes(before: UInt8(ascii: "\\"), in: left)
                contents.append(copying: UnsafeRawBufferPointer(rebasing: left[..<plain]))
                position += plain
                if position < string.count { Self.appendEscape(at: &position, of: string, to: &contents) }
            }
        }
    }

    /// How many bytes stand before the first one of this value.
    private static func bytes(before byte: UInt8, in text: UnsafeRawBufferPointer) -> Int {
        guard let start = text.baseAddress, let found = memchr(start, Int32(byte), text.count) else {
            return text.count
        }
        return UnsafeRawPointer(found) - start
    }

    private static func appendEscape(
        at position: inout Int, of text: UnsafeRawBufferPointer, to bytes: inout OutputSpan<UInt8>
    ) {
        let letter = text[position + 1]
        position += 2
        switch letter {
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            // The parser has seen the digits.
            let unit = HexDigits.unit(in: text, at: position) ?? 0
            position += 4
            let low = HexDigits.escapedUnit(in: text, at: position)
            if let low, HexDigits.isPair(unit, followedBy: low) {
                position += 6
                append(0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF)), to: &bytes)
            } else {
                append(UInt32(unit), to: &bytes)
            }
        default: bytes.append(letter)
        }
    }

    private static func append(_ code: UInt32, to bytes: inout OutputSpan<UInt8>) {
        func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(code >> shift & 0x3F) }
        switch code {
        case ..<0x80: bytes.append(UInt8(code))
        case ..<0x800:
            bytes.append(0xC0 | UInt8(code >> 6))
            bytes.append(tail(0))
        case ..<0x10000:
            bytes.append(0xE0 | UInt8(code >> 12))
            bytes.append(tail(6))
            bytes.append(tail(0))
        default:
            bytes.append(0xF0 | UInt8(code >> 18))
            bytes.append(tail(12))
            bytes.append(tail(6))
            bytes.append(tail(0))
        }
    }

    /// Whether a node is a string that says exactly these bytes.
    public func isString(_ node: Node, _ contents: UnsafeRawBufferPointer) -> Bool {
        guard kind(of: node) == .string else { return false }
        if let plain = plainContents(of: node) { return Self.areSame(plain, contents) }
        var bytes: [UInt8] = []
        appendContents(of: node, to: &bytes)
        return bytes.withUnsafeBytes { Self.areSame($0, contents) }
    }

    /// Whether a node is a string that says exactly this.
    public func isString(_ node: Node, _ contents: StaticString) -> Bool {
        isString(node, UnsafeRawBufferPointer(start: contents.utf8Start, count: contents.utf8CodeUnitCount))
    }

    /// The place of the first of some names that a string says.
    public func place(of string: Node, among names: [StaticString]) -> Int? {
        guard let plain = plainContents(of: string) else {
            return kind(of: string) == .string ? names.firstIndex { isString(string, $0) } : nil
        }
        return names.firstIndex { name in
            name.utf8CodeUnitCount == plain.count
                && Self.areSame(plain, UnsafeRawBufferPointer(start: name.utf8Start, count: plain.count))
        }
    }

    /// Whether two strings, of one document or of two, say the same.
    public func isString(_ node: Node, sameAs other: Node, in document: Document) -> Bool {
        if let plain = document.plainContents(of: other) { return isString(node, plain) }
        var bytes: [UInt8] = []
        document.appendContents(of: other, to: &bytes)
        return bytes.withUnsafeBytes { isString(node, $0) }
    }

    static func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let mine = left.baseAddress, let theirs = right.baseAddress else { return true }
        return memcmp(mine, theirs, left.count) == 0
    }
}

extension OutputSpan<UInt8> {
    /// Adds a copy of some bytes, for which there must be room.
    fileprivate mutating func append(copying bytes: UnsafeRawBufferPointer) {
        withUnsafeMutableBufferPointer { buffer, count in
            let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
            rest.copyMemory(from: bytes)
            count += bytes.count
        }
    }
}
