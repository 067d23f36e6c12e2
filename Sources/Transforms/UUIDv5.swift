import CLibUUID

/// An id that follows from what it names, so that doing the work twice gives the same rows.
struct UUIDv5 {
    /// The namespace of every id of the memoir workflow.
    static let namespace: InlineArray<16, UInt8> = [
        0x6f, 0x9d, 0x2c, 0x1e, 0x0f, 0x0b, 0x5a, 0x67, 0x9d, 0x55, 0x3f, 0x1c, 0x7f, 0x4e, 0x8a, 0x10,
    ]

    /// Its binary form.
    private(set) var bytes = InlineArray<16, UInt8>(repeating: 0)

    /// `uuid5(namespace, name)`.
    init(_ name: [UInt8]) {
        withUnsafeMutableBytes(of: &bytes) { id in
            withUnsafeBytes(of: Self.namespace) { space in
                name.withUnsafeBytes { text in
                    uuid_generate_sha1(
                        id.bindMemory(to: UInt8.self).baseAddress,
                        space.bindMemory(to: UInt8.self).baseAddress,
                        text.bindMemory(to: CChar.self).baseAddress, text.count)
                }
            }
        }
    }
}
