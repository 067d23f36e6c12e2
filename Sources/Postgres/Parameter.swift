/// A value bound to a statement. It travels in binary, because libpq cuts a text value at a NUL byte silently.
public enum Parameter: Sendable, Equatable {
    /// A `text` value, as the bytes of its UTF-8.
    case bytesOfText([UInt8]?)
    /// A `bigint` value.
    case int(Int64?)
    /// A `boolean` value.
    case bool(Bool)
    /// A `bytea` value.
    case bytes([UInt8])
    /// A `bytea[]` value.
    case bytesArray([[UInt8]])
    /// A `text[]` value.
    case textArray([[UInt8]?])
    /// A `bigint[]` value.
    case intArray([Int64])
    /// An array of a column's values, which must be of the element's type.
    case column(CopyColumn, of: ArrayElement)

    /// A `text` value.
    public static func text(_ value: String?) -> Parameter {
        .bytesOfText(value.map { Array($0.utf8) })
    }

    /// The type's oid, the same in every PostgreSQL.
    var typeOID: UInt32 {
        switch self {
        case .bool: 16
        case .bytes: 17
        case .int: 20
        case .bytesOfText: 25
        case .bytesArray: 1001
        case .textArray: 1009
        case .intArray: 1016
        case .column(_, let element): element.arrayOID
        }
    }

    /// The value's binary form; nil for NULL.
    var binary: [UInt8]? {
        switch self {
        case .bytesOfText(let value): value
        case .int(let value): value.map { Self.bigEndian($0) }
        case .bool(let value): [value ? 1 : 0]
        case .bytes(let value): value
        case .bytesArray(let values): Self.array(of: values, elementOID: 17)
        case .textArray(let values): Self.array(of: values, elementOID: 25)
        case .intArray(let values): Self.array(of: values.map { Self.bigEndian($0) }, elementOID: 20)
        case .column(let column, let element): column.array(of: element)
        }
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    /// The binary form of a one-dimensional array: dimensions, has-null flag, element type, length, lower bound, elements.
    private static func array(of elements: [[UInt8]?], elementOID: UInt32) -> [UInt8] {
        let hasNull: Int32 = elements.contains { $0 == nil } ? 1 : 0
        if elements.isEmpty { return bigEndian(Int32(0)) + bigEndian(Int32(0)) + bigEndian(elementOID) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.reduce(20) { $0 + 4 + ($1?.count ?? 0) })
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
        append(Int32(1))
        append(hasNull)
        append(elementOID)
        append(Int32(elements.count))
        append(Int32(1))
        for element in elements {
            append(Int32(element?.count ?? -1))
            if let element { bytes.append(contentsOf: element) }
        }
        return bytes
    }
}
