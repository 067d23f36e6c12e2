import CJSON
import Testing

@testable import JSON

@Suite("json-c as a second opinion")
struct OracleTests {
    /// A random text, near to JSON: grown from the grammar, then hurt in a few places or none.
    private struct Texts {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 33) % bound
        }

        mutating func value(_ levels: Int) -> String {
            let blank = ["", "", " ", "\n\t"][below(4)]
            switch below(levels > 0 ? 8 : 6) {
            case 0: return blank + ["null", "true", "false"][below(3)]
            case 1: return ["0", "-12", "3.50", "-0.0", "1e5", "2E-3", "70.25e+1"][below(7)] + blank
            case 2, 3: return string()
            case 4: return "[" + blank + "]"
            case 5: return "{" + blank + "}"
            case 6:
                return "[" + (0...below(3)).map { _ in value(levels - 1) }.joined(separator: "," + blank)
                    + "]"
            default:
                return "{"
                    + (0...below(3)).map { "\"k\($0)\"" + blank + ":" + value(levels - 1) }.joined(
                        separator: ",")
                    + "}"
            }
        }

        mutating func string() -> String {
            let pieces = [
                "a", "é", "老屋", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", " ", "x'y",
            ]
            return "\"" + (0..<below(5)).map { _ in pieces[below(pieces.count)] }.joined() + "\""
        }

        mutating func text() -> [UInt8] {
            var bytes = Array(value(4).utf8)
            for _ in 0..<below(3) {
                let place = below(bytes.count + 1)
                let hurt = Array("[]{}\",:0719ae.-+\\u ".utf8)[below(19)]
                switch below(3) {
                case 0 where place < bytes.count: bytes.remove(at: place)
                case 1 where place < bytes.count: bytes[place] = hurt
                default: bytes.insert(hurt, at: place)
                }
            }
            return bytes
        }
    }

    private func parse(_ bytes: [UInt8]) -> (isAccepted: Bool, tree: OpaquePointer?) {
        guard let tokener = json_tokener_new_ex(64) else { return (false, nil) }
        defer { json_tokener_free(tokener) }
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)
        let terminated = bytes + [0]
        let tree = terminated.withUnsafeBytes {
            json_tokener_parse_ex(
                tokener, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
        }
        return (json_tokener_get_error(tokener) == json_tokener_success, tree)
    }

    @Test("both accept the same texts, and mean the same by them", arguments: 1...20)
    func agreement(batch: Int) throws {
        var texts = Texts(state: UInt64(batch) &* 0x9E37_79B9_7F4A_7C15 | 1)
        var accepted = 0
        for number in 0..<200 {
            let bytes = texts.text()
            let said = "batch \(batch), text \(number): \(String(decoding: bytes, as: UTF8.self))"
            let (isAccepted, tree) = parse(bytes)
            defer { json_object_put(tree) }
            do {
                try Document.with(bytes) { document in
                    accepted += 1
                    // Invalid UTF-8 is for json-c an error, for us a fact about the string.
                    let isUTF8 = String(validating: bytes, as: UTF8.self) != nil
                    #expect(isAccepted == isUTF8, "\(said)")
                    if isAccepted { expectSame(document, document.root, tree, said) }
                }
            } catch {
                #expect(!isAccepted || Self.hasLaxNumber(bytes), "\(said): \(error)")
            }
        }
        #expect(accepted > 50, "too few texts were JSON to mean anything")
    }

    /// `00`, `-09` and `1.` are numbers to json-c, and to nobody else.
    private static func hasLaxNumber(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.contains(/\b0[0-9]/) || text.contains(/[0-9]\.(?![0-9])/)
    }

    private func expectSame(
        _ document: Document, _ node: Document.Node, _ tree: OpaquePointer?, _ said: String
    ) {
        let type = json_object_get_type(tree)
        switch document.kind(of: node) {
        case .null: #expect(type == json_type_null, "\(said)")
        case .true, .false: #expect(type == json_type_boolean, "\(said)")
        case .number: #expect(type == json_type_int || type == json_type_double, "\(said)")
        case .string:
            let start = json_object_get_string(tree)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(json_object_get_string_len(tree)))
            if document.isStorable(node) { #expect(document.contents(of: node) == Array(bytes), "\(said)") }
        case .array:
            #expect(document.count(of: node) == json_object_array_length(tree), "\(said)")
            var index = 0
            var cursor = document.start(of: node)
            while let element = document.nextElement(&cursor) {
                expectSame(document, element, json_object_array_get_idx(tree, index), said)
                index += 1
            }
        case .object:
            let winners = document.winners(of: node)
            #expect(winners.count == Int(json_object_object_length(tree)), "\(said)")
            for member in winners where document.isStorable(member.key) {
                let key = String(decoding: document.contents(of: member.key), as: UTF8.self)
                var child: OpaquePointer?
                #expect(json_object_object_get_ex(tree, key, &child) != 0, "\(said)")
                expectSame(document, member.value, child, said)
            }
        }
    }
}
