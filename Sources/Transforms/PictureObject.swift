import JSON

/// The keys of a picture that have a column in `memoir_images`.
enum PictureKey: Int, CaseIterable {
    case url, src, imageURL, caption, alt, description, width, height

    /// Where the url is looked for, in this order.
    static let urls: [PictureKey] = [.url, .src, .imageURL]
    /// Where the caption is looked for, in this order.
    static let captions: [PictureKey] = [.caption, .alt, .description]

    /// What they are called, in the order of the cases.
    private static let names = allCases.map(\.name)

    var name: StaticString {
        switch self {
        case .url: "url"
        case .src: "src"
        case .imageURL: "image_url"
        case .caption: "caption"
        case .alt: "alt"
        case .description: "description"
        case .width: "width"
        case .height: "height"
        }
    }

    /// The key that a string is, if it is one of these.
    init?(_ key: Document.Node, in document: borrowing Document) {
        guard let place = document.place(of: key, among: Self.names) else { return nil }
        self.init(rawValue: place)
    }
}

/// A picture that is an object, with what goes into columns found in one pass.
struct PictureObject {
    private var values = InlineArray<8, Document.Node?>(repeating: nil)
    private var hasOtherKeys = false
    /// The key whose string is the url.
    private(set) var url: PictureKey?
    /// The key whose string is the caption.
    private(set) var caption: PictureKey?
    private(set) var width: Int32?
    private(set) var height: Int32?

    init(_ node: Document.Node, in document: borrowing Document) {
        var cursor = document.start(of: node)
        while let member = document.nextMember(&cursor) {
            if let key = PictureKey(member.key, in: document) {
                // The last of several counts, whatever it is.
                values[key.rawValue] = member.value
            } else {
                hasOtherKeys = true
            }
        }
        url = string(PictureKey.urls, in: document)
        caption = string(PictureKey.captions, in: document)
        width = integer(.width, in: document)
        height = integer(.height, in: document)
    }

    /// The value of a key; nil where there is no such key.
    subscript(_ key: PictureKey) -> Document.Node? { values[key.rawValue] }

    private func string(_ keys: [PictureKey], in document: Document) -> PictureKey? {
        keys.first { key in self[key].map { document.kind(of: $0) == .string } ?? false }
    }

    private func integer(_ key: PictureKey, in document: Document) -> Int32? {
        self[key].flatMap { document.integer(of: $0) }.flatMap { Int32(exactly: $0) }
    }

    /// Whether the value of a key is in a column, and so not among the attributes.
    func isInColumn(_ key: PictureKey) -> Bool {
        switch key {
        case .url, .src, .imageURL: key == url
        case .caption, .alt, .description: key == caption
        case .width: width != nil
        case .height: height != nil
        }
    }

    /// Whether there is anything that no column takes.
    var hasAttributes: Bool {
        hasOtherKeys || PictureKey.allCases.contains { self[$0] != nil && !isInColumn($0) }
    }
}
