import JSON

/// Naming: each function finds an element, takes it, and says which one it is.
extension Pictures {
    /// The element at an index; nil when there is none or it is null.
    mutating func take(index: Int) -> Int? {
        guard elements.indices.contains(index), elements[index].form != .null else { return nil }
        return take(index)
    }

    /// The first element with this url.
    mutating func take(url: UnsafeRawBufferPointer) -> Int? {
        fillNames()
        return take(names.element(url: url))
    }

    /// The first element, not taken yet, that has all of these members.
    mutating func takeUntaken(having members: [Document.Member], of content: Document) -> Int? {
        for index in elements.indices where !elements[index].isTaken {
            let node = elements[index].node
            let isIt =
                switch elements[index].form {
                case .null: false
                case .object: document.object(node, has: members, of: content)
                case .string:
                    Self.isOnlyURL(members, of: content) { content.isString($0, sameAs: node, in: document) }
                case .plainText: Self.isOnlyURL(members, of: content) { content.isString($0, plainText) }
                }
            if isIt { return take(index) }
        }
        return nil
    }

    /// The element that a Markdown marker names.
    mutating func take(marker: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Int? {
        fillNames()
        if let index = take(names.element(placeholder: marker) ?? names.element(name: key)) { return index }
        guard !key.isEmpty else { return nil }
        var index = 0
        for byte in key {
            guard byte &- UInt8(ascii: "0") < 10, index < Int(Int32.max) else { return nil }
            index = index * 10 + Int(byte &- UInt8(ascii: "0"))
        }
        return take(index: index)
    }

    private mutating func take(_ index: Int?) -> Int? {
        if let index { elements[index].isTaken = true }
        return index
    }

    private mutating func fillNames() {
        if !names.isFilled, !elements.isEmpty { names.fill(with: elements, document, plainText: plainText) }
    }

    /// Whether members are nothing but a url, once or not at all: all that a string in images can be.
    private static func isOnlyURL(
        _ members: [Document.Member], of content: Document, _ isURL: (Document.Node) -> Bool
    ) -> Bool {
        members.allSatisfy { content.isString($0.key, "url") && isURL($0.value) }
    }
}
