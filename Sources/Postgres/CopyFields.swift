/// The fields of a row that is written by `CopyRows.appendRow(fields:size:_:)`.
extension OutputSpan<UInt8> {
    /// A field that is NULL.
    public mutating func appendNull() {
        append(bigEndian: Int32(-1))
    }

    /// A field whose binary form is these bytes: text, uuid, a key copied from the source.
    public mutating func appendField(_ value: UnsafeRawBufferPointer) {
        append(bigEndian: Int32(value.count))
        append(copying: value)
    }

    /// A field whose binary form is these bytes.
    public mutating func appendField(_ value: [UInt8]) {
        value.withUnsafeBytes { appendField($0) }
    }

    /// A `uuid` field.
    public mutating func appendField(_ value: InlineArray<16, UInt8>) {
        withUnsafeBytes(of: value) { appendField($0) }
    }

    /// An `integer` field.
    public mutating func appendField(_ value: Int32) {
        append(bigEndian: Int32(4))
        append(bigEndian: value)
    }

    /// A `jsonb` field with this JSON text, which is as long as that and a byte for the version.
    public mutating func appendJSONB(_ text: UnsafeRawBufferPointer) {
        append(bigEndian: Int32(1 + text.count))
        append(1)
        append(copying: text)
    }

    /// A `jsonb` field with this JSON text.
    public mutating func appendJSONB(_ text: [UInt8]) {
        text.withUnsafeBytes { appendJSONB($0) }
    }

    /// A `jsonb` field with this JSON text.
    public mutating func appendJSONB(_ text: StaticString) {
        appendJSONB(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(bigEndian value: Int16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func append(bigEndian value: Int32) {
        append(UInt8(truncatingIfNeeded: value >> 24))
        append(UInt8(truncatingIfNeeded: value >> 16))
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func append(copying bytes: UnsafeRawBufferPointer) {
        withUnsafeMutableBufferPointer { buffer, count in
            let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
            // Ends the process where there is less room.
            rest.copyMemory(from: bytes)
            count += bytes.count
        }
    }
}
