import JSON
import Postgres

/// A picture that a section has.
enum Picture {
    /// An element of images.
    case element(Int)
    /// An object of the content as it stands.
    case object(Document.Node)
    /// An object of the content that is a block itself, less the keys that make it one.
    case block(Document.Node)
    /// A string of the content.
    case url(Document.Node)
}

/// Naming pictures in blocks, and writing them.
extension MemoirSections {
    /// Adds what a picture form names to the pictures of the block, unless it is there already.
    mutating func name(_ form: Document.Node, at place: Place) throws(Reject) {
        let picture: Picture
        switch content.kind(of: form) {
        case .number where content.isInteger(form):
            picture = .element(try element(at: form, place))
        case .string where !content.isEmptyString(form):
            let index =
                if let plain = content.plainContents(of: form) {
                    pictures.take(url: plain)
                } else {
                    content.contents(of: form).lend { pictures.take(url: $0) }
                }
            picture = index.map(Picture.element) ?? .url(form)
        case .object:
            let members = content.winners(of: form)
            picture = pictures.takeUntaken(having: members, of: content).map(Picture.element) ?? .object(form)
        default:
            throw place.reject(.badSection, "neither a string with text, an object nor an integer")
        }
        named.insert(picture, in: content)
    }

    private mutating func element(at form: Document.Node, _ place: Place) throws(Reject) -> Int {
        if let index = content.integer(of: form), let element = pictures.take(index: index) { return element }
        let digits = Excerpt.of(content.source(of: form))
        throw place.reject(.missingImage, "\(digits), images has \(pictures.elements.count)")
    }

    /// The picture that a block itself is.
    mutating func picture(of block: Block) -> Picture {
        let members = content.winners(of: block.node).filter { member in
            guard let key = BlockKey(member.key, in: content) else { return true }
            return !Block.notOfPicture.contains(key)
        }
        return pictures.takeUntaken(having: members, of: content).map(Picture.element) ?? .block(block.node)
    }

    /// Makes a picture the one of the section that is written next.
    mutating func setImage(_ picture: Picture, at place: Place) throws(Reject) {
        switch picture {
        case .element(let index): try pictures.append(index, to: &draft.image)
        case .object(let node): try ExactJSON.append(node, of: content, to: &draft.image, place: place)
        case .url(let node):
            guard content.isStorable(node) else { throw place.badText }
            draft.image.append(contentsOf: PictureText.opening)
            draft.image.append(contentsOf: content.source(of: node))
            draft.image.append(UInt8(ascii: "}"))
        case .block(let node):
            try ExactJSON.appendMembers(of: node, of: content, to: &draft.image, place: place) { key in
                BlockKey(key, in: content).map { !Block.notOfPicture.contains($0) } ?? true
            }
        }
    }

    /// Writes a section that is nothing but a picture.
    mutating func writePicture(
        _ picture: Picture, at place: Place, to rows: inout CopyRows
    ) throws(Reject) {
        try setImage(picture, at: place)
        try writeSection(to: &rows)
    }

    /// Writes what was drafted, and remembers the first picture for the cover.
    mutating func writeSection(to rows: inout CopyRows) throws(Reject) {
        if firstImage.isEmpty { firstImage.append(contentsOf: draft.image) }
        try sections.write(draft, to: &rows)
        draft.clear()
    }
}
