import Testing

/// Reads rows in the tuple format of binary COPY, field after field.
struct CopyFields {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    /// Goes on to the next row, which must have so many fields; false behind the last.
    mutating func beginRow(of count: Int) -> Bool {
        guard !rest.isEmpty else { return false }
        #expect(takeInteger(bytes: 2) == count)
        return true
    }

    /// The next field's bytes; nil for NULL.
    mutating func next() -> [UInt8]? {
        let length = Int(Int32(truncatingIfNeeded: takeInteger(bytes: 4)))
        guard length >= 0 else { return nil }
        defer { rest = rest.dropFirst(length) }
        return Array(rest.prefix(length))
    }

    /// The next field as an `integer`.
    mutating func nextInteger() -> Int? {
        guard let field = next() else { return nil }
        #expect(field.count == 4, "an integer has four bytes")
        return Int(Int32(truncatingIfNeeded: field.reduce(0) { $0 << 8 | Int($1) }))
    }

    /// The next field as `jsonb`.
    mutating func nextJSON() -> PlainJSON? {
        guard let field = next() else { return nil }
        #expect(field.first == 1, "jsonb's version byte is missing")
        return try? PlainJSON(field.dropFirst())
    }

    private mutating func takeInteger(bytes count: Int) -> Int {
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
    }
}
