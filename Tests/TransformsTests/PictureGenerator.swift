import Support
import Transforms

/// Random pictures, made from a seed: every key that has a column and some that have none, several times over,
/// with escapes, with values of every kind, and a few that cannot be stored.
struct PictureGenerator {
    private var numbers: SeededNumbers

    init(seed: UInt64) {
        numbers = SeededNumbers(seed: seed)
    }

    /// A column's value, and what it says.
    mutating func picture() throws -> (sample: PictureSample, meaning: PlainJSON) {
        let subject = numbers.one(of: [MemoirImages.Subject.cover, .section])
        if numbers.chance(5) { return (PictureSample(nil, of: subject), .null) }
        if numbers.chance(5) {
            let url = numbers.one(of: ["u", "http://i/1.jpg?a={}", "42.5.jpg", "nul", "老屋", "a\"b\\c"])
            return (PictureSample(" \(url)\n", .text, of: subject), .string(Array(url.utf8)))
        }
        let json = numbers.chance(85) ? object(depth: 0) : value(depth: 0)
        let type = numbers.one(of: [DocumentType.json, .jsonb, .text])
        return (PictureSample(json, type, of: subject), try PlainJSON(json.utf8))
    }

    private mutating func object(depth: Int) -> String {
        let members = (0..<numbers.below(9)).map { _ in "\(space())\(key())\(space()):\(value(depth: depth + 1))" }
        return "{" + members.joined(separator: ",") + space() + "}"
    }

    private mutating func value(depth: Int) -> String {
        let text =
            switch numbers.below(depth < 3 ? 10 : 8) {
            case 0: "null"
            case 1: numbers.one(of: ["true", "false"])
            case 2, 3, 4: number()
            case 5, 6, 7: string()
            case 8: "[" + (0..<numbers.below(4)).map { _ in value(depth: depth + 1) }.joined(separator: ",") + "]"
            default: object(depth: depth + 1)
            }
        return space() + text + space()
    }

    private mutating func number() -> String {
        if numbers.chance(2) { return numbers.one(of: PictureRule.refusedNumbers) }
        return numbers.one(of: [
            "0", "-0", "7", "640", "-480", "1e2", "6.4E+2", "1.50e1", "0e5", "2147483647", "-2147483648", "2147483648",
            "21474836480e-1", "12345678901234567890123", "1e400", "640.0", "1.10", "10e-1", "0.5", "-1E-5", "1.0e1",
        ])
    }

    private mutating func string() -> String {
        if numbers.chance(3) { return numbers.one(of: [#""\u0000""#, #""a\ud800b""#]) }
        return numbers.one(of: [
            #""""#, #"" ""#, #""a""#, #""http://i/\#(numbers.below(1000)).jpg""#, #""老屋""#, #""\u8001\u5c4b""#,
            #""\ud83c\udfe0""#, #""a\"b\\c\/d\r\n\t\b\f""#, #""e\u0301é""#,
        ])
    }

    private mutating func key() -> String {
        if numbers.chance(1) { return #""k\u0000""# }
        let name = numbers.one(of: [
            "url", "url", "src", "image_url", "caption", "alt", "description", "width", "width", "height", "URL", "k",
            "k", "type", "", "键",
        ])
        guard numbers.chance(15), let first = name.utf8.first, first < 0x80 else { return "\"\(name)\"" }
        return "\"\\u00\(String(first, radix: 16))\(name.dropFirst())\""
    }

    private mutating func space() -> String { numbers.one(of: ["", "", "", " ", "\n\t"]) }
}
