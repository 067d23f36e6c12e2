/// JSON for comparing, read by code that shares nothing with what is tested: recursive, trusting, and with
/// numbers as they are spelt.
indirect enum PlainJSON: Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string([UInt8])
    case array([PlainJSON])
    case object([[UInt8]: PlainJSON])

    struct Malformed: Error {}

    init(_ text: some Collection<UInt8>) throws {
        var rest = Array(text)[...]
        self = try Self.read(&rest)
        Self.skip(&rest)
        guard rest.isEmpty else { throw Malformed() }
    }

    subscript(key: String) -> PlainJSON? {
        guard case .object(let members) = self else { return nil }
        return members[Array(key.utf8)]
    }

    var text: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    var elements: [PlainJSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// The case file writes numbers that a double does not hold as `{"$num": "…"}`.
    var withSpeltNumbers: PlainJSON {
        switch self {
        case .array(let elements): return .array(elements.map(\.withSpeltNumbers))
        case .object(let members):
            if members.count == 1, let number = self["$num"]?.text { return .number(number) }
            return .object(members.mapValues(\.withSpeltNumbers))
        default: return self
        }
    }

    private static func skip(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    private static func read(_ rest: inout ArraySlice<UInt8>) throws -> PlainJSON {
        skip(&rest)
        guard let first = rest.first else { throw Malformed() }
        switch Character(UnicodeScalar(first)) {
        case "{":
            var members: [[UInt8]: PlainJSON] = [:]
            try readList(&rest, until: "}") { rest in
                guard case .string(let key) = try read(&rest) else { throw Malformed() }
                skip(&rest)
                guard rest.popFirst() == UInt8(ascii: ":") else { throw Malformed() }
                members[key] = try read(&rest)
            }
            return .object(members)
        case "[":
            var elements: [PlainJSON] = []
            try readList(&rest, until: "]") { elements.append(try read(&$0)) }
            return .array(elements)
        case "\"": return .string(try readString(&rest))
        default:
            let word = rest.prefix { !Array(",]} \n\t\r".utf8).contains($0) }
            rest = rest.dropFirst(word.count)
            switch String(decoding: word, as: UTF8.self) {
            case "null": return .null
            case "true": return .bool(true)
            case "false": return .bool(false)
            case let number: return .number(number)
            }
        }
    }

    private static func readList(
        _ rest: inout ArraySlice<UInt8>, until end: Character,
        _ readOne: (inout ArraySlice<UInt8>) throws -> Void
    ) throws {
        rest.removeFirst()
        skip(&rest)
        if let next = rest.first, Character(UnicodeScalar(next)) == end {
            rest.removeFirst()
            return
        }
        while true {
            skip(&rest)
            try readOne(&rest)
            skip(&rest)
            guard let next = rest.popFirst() else { throw Malformed() }
            if Character(UnicodeScalar(next)) == end { return }
            guard next == UInt8(ascii: ",") else { throw Malformed() }
        }
    }

    private static func readString(_ rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
        rest.removeFirst()
        var units: [UInt16] = []
        var bytes: [UInt8] = []
        func flush() {
            bytes += Array(String(decoding: units, as: UTF16.self).utf8)
            units = []
        }
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                flush()
                if byte == UInt8(ascii: "\"") { return bytes }
                bytes.append(byte)
                continue
            }
            guard let letter = rest.popFirst() else { throw Malformed() }
            if letter == UInt8(ascii: "u") {
                guard let unit = UInt16(String(decoding: rest.prefix(4), as: UTF8.self), radix: 16) else {
                    throw Malformed()
                }
                units.append(unit)
                rest = rest.dropFirst(4)
            } else {
                flush()
                let plain: [Character: UInt8] = ["b": 8, "f": 12, "n": 10, "r": 13, "t": 9]
                bytes.append(plain[Character(UnicodeScalar(letter))] ?? letter)
            }
        }
        throw Malformed()
    }
}
