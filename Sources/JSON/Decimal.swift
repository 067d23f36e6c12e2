/// A JSON number taken apart without rounding: digits × 10^exponent.
struct Decimal {
    /// More digits than this before the point, and `numeric` refuses the number.
    static let mostIntegerDigits = 131_072
    /// More digits than this after the point, and `numeric` refuses the number.
    static let mostFractionDigits = 16_383
    /// An exponent from here on, either way, is refused whatever the digits are.
    static let exponentLimit = 1_073_741_823

    let source: UnsafeRawBufferPointer
    let isNegative: Bool
    /// The digits, with the point among them where there is one.
    private let mantissa: Range<Int>
    /// How many digits follow the point as written.
    private let fractionDigits: Int
    /// The exponent as written, or nil when it does not even fit an Int.
    private let exponent: Int?

    /// Takes a number that the parser has accepted.
    init(_ source: UnsafeRawBufferPointer) {
        self.source = source
        isNegative = source.first == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        var end = start
        var point: Int?
        while end < source.count, source[end] | 0x20 != UInt8(ascii: "e") {
            if source[end] == UInt8(ascii: ".") { point = end }
            end += 1
        }
        mantissa = start..<end
        fractionDigits = point.map { end - $0 - 1 } ?? 0
        exponent = end == source.count ? 0 : Self.readInteger(source[(end + 1)...])
    }

    private static func readInteger(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
        var value = 0
        for byte in text where byte != UInt8(ascii: "-") && byte != UInt8(ascii: "+") {
            guard let next = appending(Int(byte - UInt8(ascii: "0")), to: value) else { return nil }
            value = next
        }
        return text.first == UInt8(ascii: "-") ? -value : value
    }

    /// Where the first digit that is not 0 stands, nil when the value is zero.
    private var firstDigit: Int? {
        mantissa.first { source[$0] != UInt8(ascii: "0") && source[$0] != UInt8(ascii: ".") }
    }

    /// How many digits stand between a place in the mantissa and the point; negative behind it.
    private func digitsBeforePoint(from place: Int) -> Int {
        let point = fractionDigits > 0 ? mantissa.upperBound - fractionDigits - 1 : mantissa.upperBound
        return place < point ? point - place : point - place + 1
    }

    /// Whether `numeric` takes the number, and with it `jsonb`.
    var isNumeric: Bool {
        guard let exponent, exponent < Self.exponentLimit, exponent > -Self.exponentLimit,
            fractionDigits - exponent <= Self.mostFractionDigits
        else { return false }
        guard let firstDigit else { return true }
        return digitsBeforePoint(from: firstDigit) + exponent <= Self.mostIntegerDigits
    }

    /// Whether `jsonb` prints the number without a point: `1e2` and `1.5e1`, not `1.0` nor `10e-1`.
    var isInteger: Bool {
        guard isNumeric, let exponent else { return false }
        return fractionDigits <= exponent
    }

    /// The value of an integer, when it fits.
    var integer: Int? {
        guard isInteger, let exponent else { return nil }
        guard firstDigit != nil else { return 0 }
        // Built up as a negative, because the smallest Int has no positive counterpart.
        var value = 0
        for place in mantissa where source[place] != UInt8(ascii: ".") {
            guard let next = Self.appending(-Int(source[place] - UInt8(ascii: "0")), to: value) else {
                return nil
            }
            value = next
        }
        for _ in 0..<(exponent - fractionDigits) {
            guard let next = Self.appending(0, to: value) else { return nil }
            value = next
        }
        if isNegative { return value }
        return value == Int.min ? nil : -value
    }

    private static func appending(_ digit: Int, to value: Int) -> Int? {
        let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflow) = product.addingReportingOverflow(digit)
        return tooLarge || overflow ? nil : sum
    }

    /// Whether two numbers have the same value, however they are written.
    static func areEqual(_ left: Decimal, _ right: Decimal) -> Bool {
        guard let leftFirst = left.firstDigit, let rightFirst = right.firstDigit else {
            return left.firstDigit == nil && right.firstDigit == nil
        }
        guard left.isNegative == right.isNegative else { return false }
        guard let leftScale = left.scale(from: leftFirst), let rightScale = right.scale(from: rightFirst)
        else {
            // Beyond Int, and so refused by numeric in any case: only the same spelling is equal.
            return Document.areSame(left.source, right.source)
        }
        return leftScale == rightScale && left.hasSameDigits(from: leftFirst, as: right, from: rightFirst)
    }

    /// The place of the first digit relative to the point, once the exponent has moved it.
    private func scale(from first: Int) -> Int? {
        guard let exponent else { return nil }
        let (scale, overflow) = exponent.addingReportingOverflow(digitsBeforePoint(from: first))
        return overflow ? nil : scale
    }

    private func hasSameDigits(from place: Int, as other: Decimal, from otherPlace: Int) -> Bool {
        var mine = place
        var theirs = otherPlace
        while true {
            let digit = nextDigit(&mine)
            let otherDigit = other.nextDigit(&theirs)
            if digit == nil, otherDigit == nil { return true }
            // What is missing at the end of one is a zero.
            if digit ?? UInt8(ascii: "0") != otherDigit ?? UInt8(ascii: "0") { return false }
        }
    }

    private func nextDigit(_ place: inout Int) -> UInt8? {
        if place < mantissa.upperBound, source[place] == UInt8(ascii: ".") { place += 1 }
        guard place < mantissa.upperBound else { return nil }
        defer { place += 1 }
        return source[place]
    }
}
