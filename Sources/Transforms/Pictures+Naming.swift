import JSON

/// Naming: each function finds an element, takes it, and says which one it is.
extension Pictures {
    /// The element at an index; nil when there is none or it is null.
    mutating func take(index: Int) -> Int? {
        guard elements.indices.contains(index), elements[index].form != .null else { return nil }
        elements[index].isTaken = true
        return index
    }

    /// The first element with this url.
    mutating func take(url: UnsafeRawBufferPointer) -> Int? {
        take { pictures, element in
            switch element.form {
            case .null: false
            case .string: pictures.document.isString(element.node, url)
            case .plainText: pictures.plainText.elementsEqual(url)
            case .object:
                pictures.says(element.url, url) || pictures.says(element.src, url)
                    || pictures.says(element.imageURL, url)
            }
        }
    }

    /// The first element, not taken yet, that has all of these members.
    mutating func takeUntaken(having members: [Document.Member], of content: Document) -> Int? {
        take { pictures, element in
            guard !element.isTaken else { return false }
            switch element.form {
            case .null: return false
            case .object: return pictures.document.object(element.node, has: members, of: content)
            case .string, .plainText: return pictures.hasOnlyURL(element, members, of: content)
            }
        }
    }

    /// The element that a Markdown marker names.
    mutating func take(marker: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer) -> Int? {
        if let index = take({ pictures, element in pictures.says(element.placeholder, marker) }) {
            return index
        }
        let byKey = take { pictures, element in
            pictures.says(element.id, key) || pictures.says(element.key, key)
                || pictures.says(element.placeholder, key)
        }
        if let byKey { return byKey }
        guard !key.isEmpty else { return nil }
        var index = 0
        for byte in key {
            guard byte &- UInt8(ascii: "0") < 10, index < Int(Int32.max) else { return nil }
            index = index * 10 + Int(byte &- UInt8(ascii: "0"))
        }
        return take(index: index)
    }

    /// The closure is handed the pictures, because it must not reach for what is being changed.
    private mutating func take(_ matches: (Pictures, Element) -> Bool) -> Int? {
        let pictures = self
        guard let index = elements.firstIndex(where: { matches(pictures, $0) }) else { return nil }
        elements[index].isTaken = true
        return index
    }

    private func says(_ string: Document.Node?, _ contents: UnsafeRawBufferPointer) -> Bool {
        guard let string else { return false }
        return document.isString(string, contents)
    }

    /// Whether a string in images, which stands for an object with a url, has these members.
    private func hasOnlyURL(_ element: Element, _ members: [Document.Member], of content: Document) -> Bool {
        members.allSatisfy { member in
            guard content.isString(member.key, "url") else { return false }
            return element.form == .string
                ? content.isString(member.value, sameAs: element.node, in: document)
                : content.isString(member.value, plainText)
        }
    }
}
