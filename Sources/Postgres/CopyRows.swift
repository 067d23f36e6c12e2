import Glibc

/// Rows for one table in the tuple format of COPY … (FORMAT binary), built in memory in one reused buffer.
///
/// It holds tuples only: header and trailer are written by `Transaction.copyIn(_:into:columns:)`.
public struct CopyRows: Sendable {
    /// A place between two rows, to which the buffer can be cut back.
    public struct Mark: Sendable, Equatable {
        let offset: Int
        let count: Int

        /// How many rows lie between an earlier mark and this one.
        public func rows(since earlier: Mark) -> Int { count - earlier.count }
    }

    private(set) var bytes: [UInt8] = []

    /// What stands before the first row: signature, flags, no extension.
    static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    /// What stands after the last row.
    static let trailer: [UInt8] = [0xFF, 0xFF]

    /// How many rows there are.
    public private(set) var count = 0

    /// An empty buffer.
    public init() {}

    /// The size in bytes of what was written.
    public var size: Int { bytes.count }

    /// Where the next row will begin.
    public var mark: Mark { Mark(offset: bytes.count, count: count) }

    /// Forgets every row since `mark`: a document that turns out to be bad writes nothing.
    public mutating func truncate(to mark: Mark) {
        bytes.removeSubrange(mark.offset...)
        count = mark.count
    }

    /// Much more than this is not kept for the next batch, which is hardly ever as large.
    private static let kept = 16 << 20

    /// Forgets every row and keeps the memory for the next batch.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
        count = 0
    }

    /// Adds a row of so many fields, which `write` appends in order. Their values take at most `size` bytes together: more end
    /// the process, because the memory for all is asked for once.
    public mutating func appendRow(fields: Int, size: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
        bytes.append(addingCapacity: 2 + 4 * fields + size) { row in
            row.append(bigEndian: Int16(fields))
            write(&row)
        }
        count += 1
    }

    /// Adds the rows that another buffer holds between two of its marks.
    public mutating func append(rowsOf other: CopyRows, from start: Mark, to end: Mark) {
        bytes.append(contentsOf: other.bytes[start.offset..<end.offset])
        count += end.count - start.count
    }

    /// The place before the first row.
    public static let start = Mark(offset: 0, count: 0)

    /// The place behind the row that follows a mark, where that row is just these bytes; nil where it is another, or none.
    public func mark(behind row: UnsafeRawBufferPointer, at start: Mark) -> Mark? {
        withBytes { bytes in
            guard start.count < count, start.offset + row.count <= bytes.count, let one = row.baseAddress,
                let other = bytes.baseAddress, memcmp(one, other + start.offset, row.count) == 0
            else { return nil }
            return Mark(offset: start.offset + row.count, count: start.count + 1)
        }
    }

    /// Lends the bytes of one row after the other, each with the places before and behind it.
    public func forEachRow<E: Error>(
        _ body: (_ row: UnsafeRawBufferPointer, _ start: Mark, _ end: Mark) throws(E) -> Void
    ) throws(E) {
        try withBytes { bytes throws(E) in
            var start = Self.start
            while start.count < count {
                var offset = start.offset + 2
                for _ in 0..<Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: start.offset, as: Int16.self)) {
                    let length = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
                    offset += 4 + max(0, Int(length))
                }
                let end = Mark(offset: offset, count: start.count + 1)
                try body(UnsafeRawBufferPointer(rebasing: bytes[start.offset..<offset]), start, end)
                start = end
            }
        }
    }

    /// Lends the bytes of all rows.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try bytes.withUnsafeBufferPointer { buffer throws(E) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}
