import JSON

/// The pictures of one chapter: the elements of its `images` column, and which of them were named.
struct Pictures {
    /// One element of `images`.
    struct Element {
        enum Form {
            case null
            case object
            case string
            /// The whole of a text column that is not JSON.
            case plainText
        }

        let form: Form
        let node: Document.Node
        var isTaken = false
    }

    private(set) var document: Document
    var elements: [Element] = []
    var names = PictureNames()
    /// A text column's value, when it is one url.
    private(set) var plainText = UnsafeRawBufferPointer(start: nil, count: 0)

    init(isKnownUTF8: Bool) {
        document = Document(isKnownUTF8: isKnownUTF8)
    }

    /// Takes the column of the next row; the bytes must live until the one after.
    mutating func read(_ column: UnsafeRawBufferPointer?, as type: DocumentType) throws(Reject) {
        elements.removeAll(keepingCapacity: true)
        names.clear()
        switch try PictureColumn.read(column, as: type, into: &document, place: Place("images")) {
        case .nothing: return
        case .url(let text):
            plainText = text
            elements.append(Element(form: .plainText, node: document.root))
        case .json: try readElements()
        }
    }

    private mutating func readElements() throws(Reject) {
        let root = document.root
        switch document.kind(of: root) {
        case .null: return
        case .object, .string:
            guard let element = element(at: root) else {
                throw Place("images").reject(.badImages, "an empty string is no picture")
            }
            elements.append(element)
        case .array:
            var cursor = document.start(of: root)
            while let node = document.nextElement(&cursor) {
                guard let element = element(at: node) else {
                    throw Place("images", index: elements.count).reject(
                        .badImages, "neither a string with text, an object nor null")
                }
                elements.append(element)
            }
        case .number, .true, .false:
            throw Place("images").reject(.badImages, "neither an array, an object nor a string")
        }
    }

    private func element(at node: Document.Node) -> Element? {
        switch document.kind(of: node) {
        case .null: return Element(form: .null, node: node)
        case .string: return document.isEmptyString(node) ? nil : Element(form: .string, node: node)
        case .object: return Element(form: .object, node: node)
        case .array, .number, .true, .false: return nil
        }
    }
}
