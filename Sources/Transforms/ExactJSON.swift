import JSON

/// Writes values as they stand in the source, so that every number keeps its spelling, and what is between them as the server
/// prints `jsonb`: then what was written is mostly, byte for byte, what is read again.
enum ExactJSON {
    /// An object without members.
    static let emptyObject: StaticString = "{}"
    fileprivate static let comma = Array(", ".utf8)
    fileprivate static let colon = Array(": ".utf8)

    /// Adds a value.
    ///
    /// Normally one slice of the source. Where something in it cannot be stored, only what `jsonb` would keep
    /// counts: a member that a later one with the same key replaces is left out, and the rest refused.
    static func append(
        _ node: Document.Node, of document: Document, to text: inout [UInt8], place: Place
    ) throws(Reject) {
        if isClean(node, in: document) {
            text.append(contentsOf: document.source(of: node))
            return
        }
        switch document.kind(of: node) {
        case .array: try appendArray(node, of: document, to: &text, place: place)
        case .object:
            var object = ObjectText()
            for member in document.winners(of: node) {
                try object.append(member, of: document, to: &text, place: place)
            }
            object.close(&text)
        case .number: throw place.reject(.numberRange, "holds a number that jsonb refuses")
        case .string, .null, .true, .false: throw place.badText
        }
    }

    private static func appendArray(
        _ node: Document.Node, of document: Document, to text: inout [UInt8], place: Place
    ) throws(Reject) {
        text.append(UInt8(ascii: "["))
        var isFirst = true
        var cursor = document.start(of: node)
        while let element = document.nextElement(&cursor) {
            if !isFirst { text.append(contentsOf: comma) }
            isFirst = false
            try append(element, of: document, to: &text, place: place)
        }
        text.append(UInt8(ascii: "]"))
    }

    /// Adds an object with those of its members whose key is wanted.
    static func appendMembers(
        of node: Document.Node, of document: Document, to text: inout [UInt8], place: Place,
        where isWanted: (_ key: Document.Node) -> Bool
    ) throws(Reject) {
        var object = ObjectText()
        if isClean(node, in: document) {
            var cursor = document.start(of: node)
            while let member = document.nextMember(&cursor) {
                if isWanted(member.key) { try object.append(member, of: document, to: &text, place: place) }
            }
        } else {
            for member in document.winners(of: node) where isWanted(member.key) {
                try object.append(member, of: document, to: &text, place: place)
            }
        }
        object.close(&text)
    }

    /// Whether a value can be written as it stands, duplicate members included.
    static func isClean(_ node: Document.Node, in document: Document) -> Bool {
        document.isStorable(node) && document.hasOnlyNumericNumbers(node)
    }
}

/// An object that is written member by member.
struct ObjectText {
    private var isEmpty = true

    /// Adds a member as it stands in the source.
    mutating func append(
        _ member: Document.Member, of document: Document, to text: inout [UInt8], place: Place
    ) throws(Reject) {
        guard document.isStorable(member.key) else { throw place.badText }
        if isEmpty { text.append(UInt8(ascii: "{")) } else { text.append(contentsOf: ExactJSON.comma) }
        isEmpty = false
        text.append(contentsOf: document.source(of: member.key))
        text.append(contentsOf: ExactJSON.colon)
        try ExactJSON.append(member.value, of: document, to: &text, place: place)
    }

    /// Ends the object, which may be empty.
    func close(_ text: inout [UInt8]) {
        if isEmpty { text.append(UInt8(ascii: "{")) }
        text.append(UInt8(ascii: "}"))
    }
}
