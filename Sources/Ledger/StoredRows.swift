import Postgres

/// The rows of a chunk in the form in which the table `chunks` has them.
struct StoredRows {
    /// 12 bytes a row: hash of its key, xmin.
    var seen: [UInt8] = []
    /// A letter a row.
    var fates: [UInt8] = []
    /// A bit a row: whether we wrote a value back to it.
    var written: [UInt8] = []
    /// 8 bytes for each bit that is set: a hash of the value.
    var values: [UInt8] = []

    /// The columns, as they are read.
    static let columns: SQL = "encode(seen, 'hex'), fates, encode(written, 'hex'), encode(written_values, 'hex')"

    /// Reads what `columns` selected, from the given result column on.
    static func rows(in row: Row, from column: Int) -> [SeenRow] {
        rows(
            seen: row.bytes(column) ?? [], fates: row.bytes(column + 1) ?? [], written: row.bytes(column + 2) ?? [],
            values: row.bytes(column + 3) ?? [])
    }

    /// The assignments that store them.
    var assignments: SQL {
        """
        seen = \(.bytes(seen)), fates = \(.text(String(decoding: fates, as: UTF8.self))),
        written = \(.bytes(written)), written_values = \(.bytes(values))
        """
    }

    init(_ rows: [SeenRow]) {
        written = [UInt8](repeating: 0, count: (rows.count + 7) / 8)
        seen.reserveCapacity(rows.count * SeenRows.entrySize)
        fates.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            withUnsafeBytes(of: row.keyHash.bigEndian) { seen.append(contentsOf: $0) }
            withUnsafeBytes(of: row.xmin.bigEndian) { seen.append(contentsOf: $0) }
            fates.append(row.fate.rawValue)
            guard let value = row.written else { continue }
            written[index / 8] |= 1 << UInt8(index % 8)
            withUnsafeBytes(of: value.bigEndian) { values.append(contentsOf: $0) }
        }
    }

    private static func rows(seen: [UInt8], fates: [UInt8], written: [UInt8], values: [UInt8]) -> [SeenRow] {
        let size = 2 * SeenRows.entrySize
        var nextValue = 0
        return (0..<seen.count / size).map { index in
            var value: Int64?
            // Two digits a byte, the lowest bit first within each.
            let digit = index / 8 * 2 + (index % 8 < 4 ? 1 : 0)
            if digit < written.count, HexDigits.value(written[digit]) >> UInt64(index % 4) & 1 == 1,
                nextValue + 16 <= values.count
            {
                value = HexDigits.int64(in: values, at: nextValue)
                nextValue += 16
            }
            return SeenRow(
                keyHash: HexDigits.int64(in: seen, at: index * size),
                xmin: HexDigits.uint32(in: seen, at: index * size + 16),
                fate: index < fates.count ? RowFate(rawValue: fates[index]) ?? .migrated : .migrated, written: value
            )
        }
    }
}

/// Numbers in the digits that `encode(…, 'hex')` writes. They are read eight at a time, because there are two dozen for each
/// row of a table.
private enum HexDigits {
    static func int64(in digits: [UInt8], at offset: Int) -> Int64 {
        Int64(bitPattern: UInt64(uint32(in: digits, at: offset)) << 32 | UInt64(uint32(in: digits, at: offset + 8)))
    }

    static func uint32(in digits: [UInt8], at offset: Int) -> UInt32 {
        let eight = digits.withUnsafeBytes {
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        // Each byte becomes its digit's value, then two become one, and two again.
        var number = value(of: eight)
        number = (number | number >> 4) & 0x00FF_00FF_00FF_00FF
        number = (number | number >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: number | number >> 16)
    }

    static func value(_ digit: UInt8) -> UInt64 { value(of: UInt64(digit)) }

    /// Of the digits in each byte: letters have the bit of 0x40, and are nine more than their low bits say.
    private static func value(of digits: UInt64) -> UInt64 {
        (digits & 0x0F0F_0F0F_0F0F_0F0F) + (digits >> 6 & 0x0101_0101_0101_0101) * 9
    }
}
