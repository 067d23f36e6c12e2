@testable import JSON

/// Prints a checked document as the server prints its `jsonb`: what both understood by it can be compared as text.
struct JSONBText {
    private let document: Document
    private var text: [UInt8] = []

    /// The text of a whole document that `jsonb` takes.
    static func of(_ document: Document) -> [UInt8] {
        var printer = JSONBText(document: document)
        printer.append(document.root)
        return printer.text
    }

    private init(document: Document) {
        self.document = document
    }

    private mutating func append(_ node: Document.Node) {
        switch document.kind(of: node) {
        case .null, .true, .false: text += document.source(of: node)
        case .string: append(string: node)
        case .number: text += Self.number(Array(document.source(of: node)))
        case .array:
            var separator = "["
            var cursor = document.start(of: node)
            while let element = document.nextElement(&cursor) {
                text += separator.utf8
                separator = ", "
                append(element)
            }
            text += (separator == "[" ? "[]" : "]").utf8
        case .object: appendObject(node)
        }
    }

    /// Short keys come first, keys of one length in the order of their bytes.
    private mutating func appendObject(_ node: Document.Node) {
        let members = document.winners(of: node).map { (key: document.contents(of: $0.key), $0) }
        let sorted = members.sorted {
            $0.key.count == $1.key.count ? $0.key.lexicographicallyPrecedes($1.key) : $0.key.count < $1.key.count
        }
        var separator = "{"
        for (_, member) in sorted {
            text += separator.utf8
            separator = ", "
            append(string: member.key)
            text += ": ".utf8
            append(member.value)
        }
        text += (separator == "{" ? "{}" : "}").utf8
    }

    private mutating func append(string node: Document.Node) {
        document.contents(of: node).withUnsafeBytes { JSONText.appendString($0, to: &text) }
    }

    /// All digits of a number, without an exponent; as many after the point as `numeric` keeps.
    static func number(_ source: [UInt8]) -> [UInt8] {
        // Written as it is printed, as most numbers are.
        if !source.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }), source.first != UInt8(ascii: "-") {
            return source
        }
        let parts = source.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
        let exponent = parts.count == 2 ? Int(String(decoding: parts[1], as: UTF8.self)) ?? 0 : 0
        let isNegative = source.first == UInt8(ascii: "-")
        let mantissa = parts[0].drop { $0 == UInt8(ascii: "-") }
        let halves = mantissa.split(separator: UInt8(ascii: "."))
        let fraction = halves.count == 2 ? Array(halves[1]) : []
        var digits = Array(halves[0]) + fraction
        if digits.allSatisfy({ $0 == UInt8(ascii: "0") }) {
            // Its exponent may be enormous.
            let scale = max(0, fraction.count - exponent)
            return Array((scale > 0 ? "0." : "0").utf8) + zeros(scale)
        }
        var point = halves[0].count + exponent
        if point < 0 {
            digits = zeros(-point) + digits
            point = 0
        }
        if point > digits.count { digits += zeros(point - digits.count) }
        let whole = digits[..<point].drop { $0 == UInt8(ascii: "0") }
        var text: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        text += whole.isEmpty ? [UInt8(ascii: "0")] : Array(whole)
        if point < digits.count { text += [UInt8(ascii: ".")] + digits[point...] }
        return text
    }

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "0"), count: count) }
}
