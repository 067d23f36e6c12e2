import JSON

/// What a column of pictures holds.
enum PictureColumn {
    /// NULL, or a text column without anything but white space.
    case nothing
    /// A text column's value that is not JSON and does not begin like it.
    case url(UnsafeRawBufferPointer)
    /// JSON, which is in the document now; it may be `null`.
    case json

    /// The depth beyond which a document is refused.
    static let deepest = 512

    /// Looks at a column; the bytes must live as long as the document is asked about them.
    static func read(
        _ column: UnsafeRawBufferPointer?, as type: DocumentType, into document: inout Document, place: Place
    ) throws(Reject) -> PictureColumn {
        guard let column else { return .nothing }
        let value = type == .text ? Whitespace.value(of: column) : 0..<column.count
        guard type != .text || !value.isEmpty else { return .nothing }
        do throws(SyntaxError) {
            try document.parse(column.part(value))
        } catch {
            guard type == .text, !opensLikeJSON(column[value.lowerBound]) else {
                throw place.reject(
                    .malformedJSON, "not JSON at byte \(value.lowerBound + error.offset): \(error.problem)")
            }
            return .url(column.part(value))
        }
        guard document.depth <= deepest else {
            throw place.reject(.tooDeep, "nested deeper than \(deepest) levels")
        }
        return .json
    }

    /// Whether a value that begins so cannot be meant as a url.
    private static func opensLikeJSON(_ first: UInt8) -> Bool {
        first == UInt8(ascii: "[") || first == UInt8(ascii: "{") || first == UInt8(ascii: "\"")
    }
}
