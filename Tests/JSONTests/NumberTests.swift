import Testing

@testable import JSON

@Suite("Numbers")
struct NumberTests {
    @Test(
        "an integer is what jsonb prints without a point",
        arguments: [
            ("7", 7), ("-0", 0), ("1e2", 100), ("1.5e1", 15), ("1.0e1", 10), ("0e5", 0), ("0.0e1", 0),
            ("1E+0000000002", 100),
            ("-12", -12), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("640.0", nil),
            ("1.0", nil), ("10e-1", nil), ("0e-1", nil), ("1.25e1", nil), ("100e-2", nil), ("-0.0", nil),
            ("1e131072", nil),
        ])
    func integers(text: String, value: Int?) throws {
        try Document.with(text) { document in
            #expect(document.isInteger(document.root) == (value != nil))
            #expect(document.integer(of: document.root) == value)
        }
    }

    @Test(
        "an integer beyond 64 bits is one, without a value",
        arguments: ["9223372036854775808", "1e19", "-1e400"])
    func largeIntegers(text: String) throws {
        try Document.with(text) { document in
            #expect(document.isInteger(document.root))
            #expect(document.integer(of: document.root) == nil)
        }
    }

    /// Each line was asked of PostgreSQL 15: `select '…'::jsonb`.
    @Test(
        "jsonb refuses what has too many digits, and nothing else",
        arguments: [
            ("1e131071", true), ("1e131072", false), ("10e131071", false), ("0.1e131072", true),
            ("0.00001e131074", true), ("0e131073", true), ("1e-16383", true), ("1e-16384", false),
            ("10e-16384", false), ("0e-16384", false), ("1.5e-16382", true), ("1.5e-16383", false),
            ("0e1073741822", true), ("0.0e1073741823", false), ("0e99999999999999999999", false),
            ("1e000000000001", true), ("-1e131072", false),
        ])
    func refused(text: String, isTaken: Bool) throws {
        try Document.with("[\(text)]") { document in
            #expect(document.hasOnlyNumericNumbers(document.root) == isTaken)
        }
    }

    @Test("the number of digits alone can be too much")
    func longDigits() throws {
        for (digits, isTaken) in [(131_072, true), (131_073, false)] {
            try Document.with(String(repeating: "9", count: digits)) { document in
                #expect(document.hasOnlyNumericNumbers(document.root) == isTaken)
            }
            try Document.with("-" + String(repeating: "9", count: digits)) { document in
                #expect(document.hasOnlyNumericNumbers(document.root) == isTaken)
            }
        }
        for (digits, isTaken) in [(16_383, true), (16_384, false)] {
            try Document.with("0." + String(repeating: "0", count: digits)) { document in
                #expect(document.hasOnlyNumericNumbers(document.root) == isTaken)
            }
        }
    }

    @Test(
        "values are equal as jsonb compares them",
        arguments: [
            ("1.0", "1", true), ("1e2", "100", true), ("-0", "0", true), ("0.0e7", "-0", true),
            ("1", "-1", false),
            ("0.001", "1e-3", true), ("120e-1", "12.00", true),
            ("12345678901234567890123", "12345678901234567890124", false),
            ("12345678901234567890123.0", "12345678901234567890123", true), ("10", "1", false),
            ("0.1", "0.01", false),
            ("1e99999999999999999999", "1e99999999999999999999", true),
            ("1e99999999999999999999", "1", false),
            ("1.10", "1.1", true), ("\"\\u00e9\"", "\"é\"", true), ("\"é\"", "\"e\u{301}\"", false),
            ("\"1\"", "1", false),
            ("{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}", true), ("{\"a\":1,\"a\":2}", "{\"a\":2}", true),
            ("{\"a\":1,\"a\":2}", "{\"a\":1}", false), ("{\"a\":1}", "{\"a\":1,\"b\":1}", false),
            ("{\"\\u0061\":1}", "{\"a\":1}", true), ("[1,2]", "[2,1]", false), ("[1]", "[1,1]", false),
            ("[]", "{}", false),
            ("null", "false", false), ("[[],{\"k\":[null,true]}]", "[[],{\"k\":[null,true]}]", true),
        ])
    func equality(left: String, right: String, areEqual: Bool) throws {
        try Document.with(left) { left in
            try Document.with(right) { right in
                #expect(left.isEqual(left.root, to: right.root, in: right) == areEqual)
                #expect(right.isEqual(right.root, to: left.root, in: left) == areEqual)
            }
        }
    }

    @Test("objects with many keys keep the last of each, and compare without regard to order")
    func largeObjects() throws {
        let members = (0..<500).map { "\"k\($0 % 400)\":\($0)" }
        let shuffled = (0..<500).filter { $0 + 400 >= 500 }.reversed().map {
            "\"\\u006b\($0 % 400)\":\($0).0"
        }
        try Document.with("{\(members.joined(separator: ","))}") { left in
            #expect(left.winners(of: left.root).count == 400)
            #expect(left.value(of: "k5", in: left.root).flatMap(left.integer(of:)) == 405)
            try Document.with("{\(shuffled.joined(separator: ","))}") { right in
                #expect(left.isEqual(left.root, to: right.root, in: right))
                #expect(right.object(right.root, has: left.members(of: left.root), of: left) == false)
            }
        }
    }
}
