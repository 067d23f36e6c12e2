import JSON

/// Writing pictures as JSON objects.
extension Pictures {
    /// The first element that is not null.
    var first: Int? { elements.firstIndex { $0.form != .null } }

    /// Adds an element as a JSON object.
    func append(_ index: Int, to text: inout [UInt8]) throws(Reject) {
        let element = elements[index]
        switch element.form {
        case .null: return
        case .object: try ExactJSON.append(element.node, of: document, to: &text, place: place(of: index))
        case .string:
            guard document.isStorable(element.node) else { throw place(of: index).badText }
            text.append(contentsOf: PictureText.opening)
            text.append(contentsOf: document.source(of: element.node))
            text.append(UInt8(ascii: "}"))
        case .plainText:
            guard UTF8Check.isStorable(plainText) else { throw place(of: index).badText }
            PictureText.append(url: plainText, to: &text)
        }
    }

    private func place(of index: Int) -> Place {
        // A column that holds one picture has no indexes.
        document.kind(of: document.root) == .array && elements[index].form != .plainText
            ? Place("images", index: index) : Place("images")
    }
}

/// The object that a bare url stands for.
enum PictureText {
    static let opening = Array("{\"url\": ".utf8)
    static let caption = Array(", \"caption\": ".utf8)

    static func append(
        url: UnsafeRawBufferPointer, caption text: UnsafeRawBufferPointer? = nil, to json: inout [UInt8]
    ) {
        json.append(contentsOf: opening)
        JSONText.appendString(url, to: &json)
        if let text, !text.isEmpty {
            json.append(contentsOf: caption)
            JSONText.appendString(text, to: &json)
        }
        json.append(UInt8(ascii: "}"))
    }
}
