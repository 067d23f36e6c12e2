import JSON

/// The keys of a block that have a meaning of their own.
enum BlockKey: Int, CaseIterable {
    case title, heading, content, text, body, image, imageIndex, images, type

    /// Where the title is looked for, and behind it where the text is, in this order. It is gone through for every block, so it
    /// is no array, which workers would wait for each other to count the holders of.
    static let textual: InlineArray<5, BlockKey> = [.title, .heading, .content, .text, .body]

    /// Whether the value is a title.
    var isTitle: Bool { self == .title || self == .heading }

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
    init?(_ key: Document.Node, in document: borrowing Document) {
        guard let place = document.place(of: key, among: Self.names) else { return nil }
        self.init(rawValue: place)
    }
}

/// What an object among the blocks says with the keys that have a meaning; a key whose value is null says nothing.
struct Block {
    /// A string with text, and its key.
    struct Text {
        let key: BlockKey
        let string: Document.Node
    }

    let node: Document.Node
    private(set) var title: Text?
    private(set) var text: Text?
    /// The first key of a text that has another value than a string.
    private(set) var misused: BlockKey?
    // For pictures an empty array says no more than null does.
    let image: Document.Node?
    let imageIndex: Document.Node?
    let images: Document.Node?
    /// Whether the object is a picture itself.
    let isPicture: Bool
    /// Whether there is a key with no meaning here; `type` counts as one.
    private var hasOtherKeys = false
    /// The keys of texts that are neither the title nor the text, a bit for each.
    private var unused: UInt16 = 0

    /// The document is borrowed: an initializer would be given a copy of its own otherwise.
    init(_ node: Document.Node, in document: borrowing Document) {
        self.node = node
        var values = InlineArray<9, Document.Node?>(repeating: nil)
        var cursor = document.start(of: node)
        while let member = document.nextMember(&cursor) {
            guard let key = BlockKey(member.key, in: document) else {
                hasOtherKeys = true
                continue
            }
            // The last of several counts, so that a null takes away what came before it.
            values[key.rawValue] = document.kind(of: member.value) == .null ? nil : member.value
            if key == .type { hasOtherKeys = true }
        }
        image = Self.picture(values[BlockKey.image.rawValue], in: document)
        imageIndex = Self.picture(values[BlockKey.imageIndex.rawValue], in: document)
        images = Self.picture(values[BlockKey.images.rawValue], in: document)
        let isNamedPicture = values[BlockKey.type.rawValue].map { document.isString($0, "image") } ?? false
        isPicture = isNamedPicture && image == nil && imageIndex == nil && images == nil
        for place in BlockKey.textual.indices {
            let key = BlockKey.textual[place]
            guard let value = values[key.rawValue] else { continue }
            guard document.kind(of: value) == .string else {
                misused = misused ?? key
                continue
            }
            if document.isEmptyString(value) { continue }
            if key.isTitle, title == nil {
                title = Text(key: key, string: value)
            } else if !key.isTitle, text == nil {
                text = Text(key: key, string: value)
            } else {
                unused |= 1 << key.rawValue
            }
        }
    }

    private static func picture(_ node: Document.Node?, in document: Document) -> Document.Node? {
        node.flatMap { document.kind(of: $0) == .array && document.count(of: $0) == 0 ? nil : $0 }
    }

    /// Whether anything is said that is neither a title, a text nor a picture.
    var hasAttributes: Bool { hasOtherKeys || unused != 0 }

    /// Whether the value of a key is an attribute.
    func isAttribute(_ key: BlockKey) -> Bool { key == .type || unused & 1 << key.rawValue != 0 }

    /// The keys that a block which is a picture does not hand on to it.
    static let notOfPicture: Set<BlockKey> = [.type, .image, .imageIndex, .images]
}
