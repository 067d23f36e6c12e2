import JSON
import Postgres

/// Documents: arrays and objects of blocks.
extension MemoirSections {
    /// Reads the array or object that was parsed.
    mutating func readTree(to rows: inout CopyRows) throws(Reject) {
        let root = content.root
        guard content.depth <= PictureColumn.deepest else {
            throw Place("content").reject(.tooDeep, "nested deeper than \(PictureColumn.deepest) levels")
        }
        if content.kind(of: root) == .array { return try readBlocks(root, list: nil, to: &rows) }
        let lists: [StaticString] = ["sections", "blocks", "paragraphs"]
        for list in lists {
            guard let blocks = content.value(of: list, in: root), content.kind(of: blocks) == .array else {
                continue
            }
            noteUnmapped(beside: blocks)
            return try readBlocks(blocks, list: list, to: &rows)
        }
        let isText = BlockKey.textual.indices.contains { content.value(of: BlockKey.textual[$0].name, in: root) != nil }
        guard isText else {
            throw Place("content").reject(
                .unknownShape,
                "an object without sections, blocks, paragraphs, title, heading, content, text or body")
        }
        try readBlock(root, at: Place("content"), to: &rows)
    }

    /// Keys beside the list of blocks are read by nothing; those that say nothing need no mention.
    private mutating func noteUnmapped(beside blocks: Document.Node) {
        for member in content.winners(of: content.root) where member.value != blocks {
            switch content.kind(of: member.value) {
            case .null: continue
            case .string where content.isEmptyString(member.value): continue
            case .array, .object: if content.count(of: member.value) == 0 { continue }
            default: break
            }
            unmapped.append(unmappedName(member.key))
        }
    }

    /// The key itself; one that PostgreSQL cannot hold is named as it is spelt, or as near as that goes.
    private func unmappedName(_ key: Document.Node) -> [UInt8] {
        if content.isStorable(key) { return content.contents(of: key) }
        let spelling = content.source(of: key).dropFirst().dropLast()
        return Array(String(decoding: spelling, as: UTF8.self).utf8)
    }

    private mutating func readBlocks(
        _ array: Document.Node, list: StaticString?, to rows: inout CopyRows
    ) throws(Reject) {
        var index = 0
        var cursor = content.start(of: array)
        while let node = content.nextElement(&cursor) {
            let place = Place("content", list: list, index: index)
            index += 1
            switch content.kind(of: node) {
            case .null: continue
            case .string: try writeParagraph(node, at: place, to: &rows)
            case .object: try readBlock(node, at: place, to: &rows)
            case .number, .true, .false, .array:
                throw place.reject(.badSection, "neither a string, an object nor null")
            }
        }
    }

    private mutating func writeParagraph(
        _ string: Document.Node, at place: Place, to rows: inout CopyRows
    ) throws(Reject) {
        content.appendContents(of: string, to: &draft.text)
        guard !draft.text.lend(Whitespace.isBlank) else { return draft.clear() }
        guard content.isStorable(string) else { throw place.badText }
        try writeSection(to: &rows)
    }

    private mutating func readBlock(
        _ node: Document.Node, at place: Place, to rows: inout CopyRows
    ) throws(Reject) {
        let block = Block(node, in: content)
        if let key = block.misused { throw place.member(key.name).reject(.badSection, "not a string") }
        if block.isPicture { return try writePicture(picture(of: block), at: place, to: &rows) }
        try namePictures(of: block, at: place)
        try Self.append(block.title, of: content, to: &draft.title, at: place)
        try Self.append(block.text, of: content, to: &draft.text, at: place)
        if block.hasAttributes {
            // Every key without a meaning of its own, and the texts that were not used.
            try ExactJSON.appendMembers(of: node, of: content, to: &draft.attributes, place: place) { key in
                BlockKey(key, in: content).map(block.isAttribute) ?? true
            }
        }
        if draft.title.isEmpty, draft.attributes.isEmpty, named.pictures.isEmpty,
            draft.text.lend(Whitespace.isBlank)
        {
            return draft.clear()
        }
        if let first = named.pictures.first { try setImage(first, at: place) }
        try writeSection(to: &rows)
        for picture in named.pictures.dropFirst() { try writePicture(picture, at: place, to: &rows) }
    }

    private static func append(
        _ text: Block.Text?, of content: Document, to bytes: inout [UInt8], at place: Place
    ) throws(Reject) {
        guard let text else { return }
        guard content.isStorable(text.string) else { throw place.member(text.key.name).badText }
        content.appendContents(of: text.string, to: &bytes)
    }

    private mutating func namePictures(of block: Block, at place: Place) throws(Reject) {
        named.clear()
        if let form = block.image { try name(form, at: place.member("image")) }
        if let index = block.imageIndex {
            let place = place.member("image_index")
            guard content.isInteger(index) else { throw place.reject(.badSection, "not an integer") }
            try name(index, at: place)
        }
        if let forms = block.images {
            guard content.kind(of: forms) == .array else {
                throw place.member("images").reject(.badSection, "not an array")
            }
            var index = 0
            var cursor = content.start(of: forms)
            while let form = content.nextElement(&cursor) {
                try name(form, at: place.member("images", index: index))
                index += 1
            }
        }
    }
}
