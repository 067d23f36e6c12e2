import JSON

/// The pictures that one block names, in order, each once.
///
/// Two are the same if they are one element of images, or both are in none and equal as `jsonb` compares them.
struct NamedPictures {
    private(set) var pictures: [Picture] = []
    private var elements: Set<Int> = []
    private var urls: Set<[UInt8]> = []
    private var objects: [Document.Node] = []

    /// Begins another block and keeps the memory.
    mutating func clear() {
        guard !pictures.isEmpty else { return }
        pictures.removeAll(keepingCapacity: true)
        elements.removeAll(keepingCapacity: true)
        urls.removeAll(keepingCapacity: true)
        objects.removeAll(keepingCapacity: true)
    }

    /// Adds a picture unless it is there.
    mutating func insert(_ picture: Picture, in content: Document) {
        let isNew =
            switch picture {
            case .element(let index): elements.insert(index).inserted
            case .url(let node): urls.insert(content.contents(of: node)).inserted
            case .object(let node): insert(object: node, in: content)
            // A block that is a picture names nothing else.
            case .block: true
            }
        if isNew { pictures.append(picture) }
    }

    private mutating func insert(object: Document.Node, in content: Document) -> Bool {
        // A bare url stands for an object with nothing but that.
        let members = content.winners(of: object)
        if members.count == 1, let member = members.first, content.isString(member.key, "url"),
            content.kind(of: member.value) == .string
        {
            return urls.insert(content.contents(of: member.value)).inserted
        }
        guard !objects.contains(where: { content.isEqual($0, to: object, in: content) }) else { return false }
        objects.append(object)
        return true
    }
}
