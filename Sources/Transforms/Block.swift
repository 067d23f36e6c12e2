import JSON

/// The keys of a block that have a meaning of their own.
enum BlockKey: Int, CaseIterable {
    case title, heading, content, text, body, image, imageIndex, images, type

    static let textual: [BlockKey] = [.title, .heading, .content, .text, .body]
    /// Where the title is looked for, in this order.
    static let titles: [BlockKey] = [.title, .heading]
    /// Where the text is looked for, in this order.
    static let texts: [BlockKey] = [.content, .text, .body]

    /// What they are called, in the order of the cases.
    private static let names = allCases.map(\.name)

    var name: StaticString {
        switch self {
        case .title: "title"
        case .heading: "heading"
        case .content: "content"
        case .text: "text"
        case .body: "body"
        case .image: "image"
        case .imageIndex: "image_index"
        case .images: "images"
        case .type: "type"
        }
    }

    /// The key that a string is, if it is one of these.
    init?(_ key: Document.Node, in document: Document) {
        guard let place = document.place(of: key, among: Self.names) else { return nil }
        self.init(rawValue: place)
    }
}

/// An object among the blocks, with its known keys found in one pass.
struct Block {
    let node: Document.Node
    private var fields = InlineArray<9, Document.Node?>(repeating: nil)
    /// Whether there is a key with no meaning here; `type` counts as one.
    private(set) var hasOtherKeys = false

    init(_ node: Document.Node, in document: Document) {
        self.node = node
        var cursor = document.start(of: node)
        while let member = document.nextMember(&cursor) {
            guard let key = BlockKey(member.key, in: document) else {
                hasOtherKeys = true
                continue
            }
            // The last of several counts, so that a null takes away what came before it.
            fields[key.rawValue] = document.kind(of: member.value) == .null ? nil : member.value
            if key == .type { hasOtherKeys = true }
        }
    }

    /// The value of a key, unless it is null.
    subscript(_ key: BlockKey) -> Document.Node? { fields[key.rawValue] }

    /// The first of these that is a string with text.
    func first(of keys: [BlockKey], in document: Document) -> BlockKey? {
        keys.first { hasText($0, in: document) }
    }

    /// Whether the value of a key is a string with text.
    func hasText(_ key: BlockKey, in document: Document) -> Bool {
        self[key].map { !document.isEmptyString($0) } ?? false
    }

    /// A picture's key and value, unless it is absent: for these an empty array says no more than null does.
    func picture(_ key: BlockKey, in document: Document) -> Document.Node? {
        guard let node = self[key] else { return nil }
        return document.kind(of: node) == .array && document.count(of: node) == 0 ? nil : node
    }

    /// Whether the object is a picture itself.
    func isPicture(in document: Document) -> Bool {
        guard let type = self[.type], document.isString(type, "image") else { return false }
        return [.image, .imageIndex, .images].allSatisfy { picture($0, in: document) == nil }
    }

    /// The keys that a block which is a picture does not hand on to it.
    static let notOfPicture: Set<BlockKey> = [.type, .image, .imageIndex, .images]
}
