/// The strict pass over a text: one loop, no recursion, so that no document can exhaust the stack.
struct Parser {
    let text: UnsafeRawBufferPointer
    private let isKnownUTF8: Bool
    private(set) var position = 0
    private(set) var deepest = 0
    private var depth = 0
    /// The record of the container that is open, -1 outside of all.
    private var parent = -1

    init(_ text: UnsafeRawBufferPointer, isKnownUTF8: Bool) {
        self.text = text
        self.isKnownUTF8 = isKnownUTF8
    }

    mutating func run(into records: inout [Document.Record]) throws(SyntaxError) {
        guard text.count < Int(Int32.max) else { throw SyntaxError("the text is too long", at: 0) }
        while true {
            skipWhitespace()
            if try readValue(into: &records) {
                guard try finishValue(in: &records) else { return }
            }
        }
    }

    /// Reads a scalar or an empty container, or opens a container; true when a value is complete.
    private mutating func readValue(into records: inout [Document.Record]) throws(SyntaxError) -> Bool {
        guard position < text.count else { throw SyntaxError("a value is missing at the end", at: position) }
        switch text[position] {
        case UInt8(ascii: "\""): try readString(into: &records)
        case UInt8(ascii: "{"): return try open(.object, closing: UInt8(ascii: "}"), in: &records)
        case UInt8(ascii: "["): return try open(.array, closing: UInt8(ascii: "]"), in: &records)
        case UInt8(ascii: "t"): try readWord("true", .true, into: &records)
        case UInt8(ascii: "f"): try readWord("false", .false, into: &records)
        case UInt8(ascii: "n"): try readWord("null", .null, into: &records)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber(into: &records)
        default: throw SyntaxError("a value was expected", at: position)
        }
        return true
    }

    /// After a complete value: goes on to the next one (true), or ends the text (false).
    private mutating func finishValue(in records: inout [Document.Record]) throws(SyntaxError) -> Bool {
        while true {
            skipWhitespace()
            guard parent >= 0 else {
                guard position == text.count else {
                    throw SyntaxError("something follows the value", at: position)
                }
                return false
            }
            records[parent].count += 1
            let isObject = records[parent].kind == .object
            guard position < text.count else {
                throw SyntaxError("the text ends inside \(isObject ? "an object" : "an array")", at: position)
            }
            switch text[position] {
            case UInt8(ascii: ","):
                position += 1
                if isObject { try readKey(into: &records) }
                return true
            case isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"):
                close(in: &records)
            default:
                throw SyntaxError("a comma or \(isObject ? "}" : "]") was expected", at: position)
            }
        }
    }

    private mutating func open(
        _ kind: Document.Kind, closing: UInt8, in records: inout [Document.Record]
    ) throws(SyntaxError) -> Bool {
        let index = records.count
        records.append(
            Document.Record(
                kind: kind, facts: [], start: UInt32(position), end: 0,
                next: UInt32(truncatingIfNeeded: parent), count: 0))
        parent = index
        depth += 1
        deepest = max(deepest, depth)
        position += 1
        skipWhitespace()
        if position < text.count, text[position] == closing {
            close(in: &records)
            return true
        }
        if kind == .object { try readKey(into: &records) }
        return false
    }

    private mutating func close(in records: inout [Document.Record]) {
        position += 1
        depth -= 1
        let closed = parent
        parent = Int(Int32(bitPattern: records[closed].next))
        records[closed].end = UInt32(position)
        records[closed].next = UInt32(records.count)
        inherit(records[closed].facts, in: &records)
    }

    private mutating func readKey(into records: inout [Document.Record]) throws(SyntaxError) {
        skipWhitespace()
        guard position < text.count, text[position] == UInt8(ascii: "\"") else {
            throw SyntaxError("a key in double quotes was expected", at: position)
        }
        try readString(into: &records)
        skipWhitespace()
        guard position < text.count, text[position] == UInt8(ascii: ":") else {
            throw SyntaxError("a colon was expected", at: position)
        }
        position += 1
    }

    private mutating func readWord(
        _ word: StaticString, _ kind: Document.Kind, into records: inout [Document.Record]
    ) throws(SyntaxError) {
        let start = position
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < text.count, text[position] == word.utf8Start[offset] else {
                throw SyntaxError("a value was expected", at: start)
            }
            position += 1
        }
        append(kind, [], from: start, to: &records)
    }

    private mutating func readString(into records: inout [Document.Record]) throws(SyntaxError) {
        let start = position
        var scanner = StringScanner(text, from: start + 1, isKnownUTF8: isKnownUTF8)
        try scanner.run()
        position = scanner.position
        append(.string, scanner.facts, from: start, to: &records)
    }

    private mutating func readNumber(into records: inout [Document.Record]) throws(SyntaxError) {
        let start = position
        var facts: Document.Facts = []
        if text[position] == UInt8(ascii: "-") { position += 1 }
        if position < text.count, text[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try skipDigits()
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            facts.insert(.decimal)
            position += 1
            try skipDigits()
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            facts.insert(.decimal)
            position += 1
            if position < text.count,
                text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+")
            {
                position += 1
            }
            try skipDigits()
        }
        if facts.contains(.decimal) || position - start > Decimal.mostIntegerDigits {
            let number = Decimal(UnsafeRawBufferPointer(rebasing: text[start..<position]))
            if !number.isNumeric { facts.insert(.refusedNumber) }
        }
        append(.number, facts, from: start, to: &records)
    }

    private mutating func skipDigits() throws(SyntaxError) {
        let start = position
        while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw SyntaxError("a digit was expected", at: position) }
    }

    private mutating func append(
        _ kind: Document.Kind, _ facts: Document.Facts, from start: Int, to records: inout [Document.Record]
    ) {
        records.append(
            Document.Record(
                kind: kind, facts: facts, start: UInt32(start), end: UInt32(position),
                next: UInt32(records.count + 1), count: 0))
        inherit(facts, in: &records)
    }

    private func inherit(_ facts: Document.Facts, in records: inout [Document.Record]) {
        let passed = facts.intersection(.inherited)
        if parent >= 0, !passed.isEmpty { records[parent].facts.formUnion(passed) }
    }

    private mutating func skipWhitespace() {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }
}
