/// The types whose values can be bound as a whole column, each with its array type; the numbers are the same in every
/// PostgreSQL.
public enum ArrayElement: UInt32, Sendable {
    case smallint = 21
    case integer = 23
    case bigint = 20
    case text = 25
    case uuid = 2950
    case jsonb = 3802

    /// The array's type.
    var arrayOID: UInt32 {
        switch self {
        case .smallint: 1005
        case .integer: 1007
        case .bigint: 1016
        case .text: 1009
        case .uuid: 2951
        case .jsonb: 3807
        }
    }
}

/// One column of rows in memory, in binary: what was made for COPY can be bound to a query instead.
public struct CopyColumn: Sendable, Equatable {
    /// The elements, each behind its length, as both COPY and arrays have them.
    fileprivate(set) var elements: [UInt8] = []
    fileprivate(set) var count = 0
    fileprivate(set) var hasNull = false
}

extension CopyRows {
    /// The rows as columns; each row must have `fields` fields.
    public func columns(_ fields: Int) -> [CopyColumn] {
        var columns = [CopyColumn](repeating: CopyColumn(), count: fields)
        withBytes { rows in
            var offset = 0
            for _ in 0..<count {
                // Past the number of fields, which is the same in every row.
                offset += 2
                for column in columns.indices {
                    let length = Int(Int32(bigEndian: rows.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
                    let end = offset + 4 + max(0, length)
                    columns[column].elements.append(contentsOf: rows[offset..<end])
                    columns[column].count += 1
                    if length < 0 { columns[column].hasNull = true }
                    offset = end
                }
            }
        }
        return columns
    }
}

extension CopyColumn {
    /// The binary form of an array of the elements.
    func array(of element: ArrayElement) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.count + 20)
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
        append(Int32(count == 0 ? 0 : 1))
        append(Int32(hasNull ? 1 : 0))
        append(element.rawValue)
        if count == 0 { return bytes }
        append(Int32(count))
        append(Int32(1))
        bytes += elements
        return bytes
    }
}
