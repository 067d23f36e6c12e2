import JSON

/// By what strings the elements of images can be named: for each string the first element that has it.
///
/// A table, because a chapter of thousands of pictures would otherwise take the square of their number.
struct PictureNames {
    private(set) var isFilled = false
    private var byURL: [[UInt8]: Int] = [:]
    private var byPlaceholder: [[UInt8]: Int] = [:]
    private var byName: [[UInt8]: Int] = [:]

    /// Forgets one chapter's names and keeps the memory.
    mutating func clear() {
        guard isFilled else { return }
        isFilled = false
        byURL.removeAll(keepingCapacity: true)
        byPlaceholder.removeAll(keepingCapacity: true)
        byName.removeAll(keepingCapacity: true)
    }

    /// Takes all elements, in their order.
    mutating func fill(
        with elements: [Pictures.Element], _ document: Document, plainText: UnsafeRawBufferPointer
    ) {
        isFilled = true
        for (index, element) in elements.enumerated() {
            switch element.form {
            case .null: continue
            case .string: Self.add(document.contents(of: element.node), index, to: &byURL)
            case .plainText: Self.add(Array(plainText), index, to: &byURL)
            case .object: addObject(element.node, index, document)
            }
        }
    }

    /// The first element whose `url`, `src` or `image_url` this is.
    func element(url: UnsafeRawBufferPointer) -> Int? { byURL[Array(url)] }

    /// The first element whose `placeholder` this is.
    func element(placeholder: UnsafeRawBufferPointer) -> Int? { byPlaceholder[Array(placeholder)] }

    /// The first element whose `id`, `key` or `placeholder` this is.
    func element(name: UnsafeRawBufferPointer) -> Int? { byName[Array(name)] }

    private mutating func addObject(_ object: Document.Node, _ index: Int, _ document: Document) {
        let urlKeys: [StaticString] = ["url", "src", "image_url"]
        let nameKeys: [StaticString] = ["id", "key", "placeholder"]
        for key in urlKeys {
            if let string = Self.string(key, of: object, document) { Self.add(string, index, to: &byURL) }
        }
        for key in nameKeys {
            if let string = Self.string(key, of: object, document) { Self.add(string, index, to: &byName) }
        }
        if let string = Self.string("placeholder", of: object, document) {
            Self.add(string, index, to: &byPlaceholder)
        }
    }

    private static func string(
        _ key: StaticString, of object: Document.Node, _ document: Document
    ) -> [UInt8]? {
        guard let value = document.value(of: key, in: object), document.kind(of: value) == .string else {
            return nil
        }
        return document.contents(of: value)
    }

    private static func add(_ string: [UInt8], _ index: Int, to table: inout [[UInt8]: Int]) {
        if table[string] == nil { table[string] = index }
    }
}
