/// One JSON text, checked as strictly as PostgreSQL's `json` input checks it, as a flat tree over the
/// caller's bytes.
///
/// Nothing is converted: a node is a range of the source, so numbers of any size, spelling and order of keys
/// stay exact. A value is meant to be kept and to parse one text after the other, which reuses its memory.
/// The bytes last given to `parse` must outlive every later question about nodes.
public struct Document {
    /// What a node is.
    public enum Kind: UInt8, Sendable {
        case null, `false`, `true`, number, string, array, object
    }

    /// One value, or one key, of the document that gave it out; void after the next `parse`.
    public struct Node: Equatable, Sendable {
        let index: Int
    }

    /// A key and its value, as they stand in an object.
    public struct Member: Sendable {
        /// The key, a string.
        public let key: Node
        /// The value.
        public let value: Node
    }

    /// A position among the elements of an array or the members of an object.
    public struct Cursor: Sendable {
        var index: Int
        var remaining: Int
    }

    struct Facts: OptionSet {
        let rawValue: UInt8
        /// A string with a backslash.
        static let escaped = Facts(rawValue: 1)
        /// A NUL, a lone surrogate or invalid UTF-8 is in here, at any depth.
        static let unstorable = Facts(rawValue: 2)
        /// A number that `numeric` refuses is in here, at any depth.
        static let refusedNumber = Facts(rawValue: 4)
        /// A number with a point or an exponent.
        static let decimal = Facts(rawValue: 8)
        /// What a container takes over from its children.
        static let inherited: Facts = [.unstorable, .refusedNumber]
    }

    struct Record {
        var kind: Kind
        var facts: Facts
        var start: UInt32
        var end: UInt32
        /// The node after this one and all that is in it; the parent, as long as a container is open.
        var next: UInt32
        /// Elements or members.
        var count: UInt32
    }

    var records: [Record]
    var text = UnsafeRawBufferPointer(start: nil, count: 0)

    /// How deep arrays and objects are nested: 0 for a scalar, 1 for the outermost.
    public internal(set) var depth = 0

    /// Whether what is parsed is taken to be valid UTF-8.
    private let isKnownUTF8: Bool

    /// A document that holds `null` and is ready to parse. `isKnownUTF8` says that whoever gives the texts answers for
    /// their encoding; then it is not checked once more.
    public init(isKnownUTF8: Bool = false) {
        records = [Self.void]
        self.isKnownUTF8 = isKnownUTF8
    }

    /// So many records, a few megabytes, are kept for the next text, and not more.
    private static let kept = 1 << 18

    static let void = Record(kind: .null, facts: [], start: 0, end: 0, next: 1, count: 0)

    /// Reads a text; when it throws, the document holds `null`.
    public mutating func parse(_ text: UnsafeRawBufferPointer) throws(SyntaxError) {
        self.text = text
        depth = 0
        records.removeAll(keepingCapacity: records.capacity <= Self.kept)
        var parser = Parser(text, isKnownUTF8: isKnownUTF8)
        do throws(SyntaxError) {
            try parser.run(into: &records)
            depth = parser.deepest
        } catch {
            self.text = UnsafeRawBufferPointer(start: nil, count: 0)
            records.removeAll(keepingCapacity: true)
            records.append(Self.void)
            throw error
        }
    }

    /// The outermost value.
    public var root: Node { Node(index: 0) }

    /// What a node is.
    public func kind(of node: Node) -> Kind { records[node.index].kind }

    /// Where a node begins, in bytes from the start of the text.
    public func offset(of node: Node) -> Int { Int(records[node.index].start) }

    /// The text of a node exactly as it stands in the source, quotes included.
    public func source(of node: Node) -> UnsafeRawBufferPointer {
        let record = records[node.index]
        return UnsafeRawBufferPointer(rebasing: text[Int(record.start)..<Int(record.end)])
    }

    /// How many elements or members a container has, each duplicate counted; 0 for a scalar.
    public func count(of node: Node) -> Int { Int(records[node.index].count) }

    /// Whether PostgreSQL can store every string and key in a node: no NUL, no lone surrogate, valid UTF-8.
    public func isStorable(_ node: Node) -> Bool { !records[node.index].facts.contains(.unstorable) }

    /// Whether `numeric`, and so `jsonb`, takes every number in a node.
    public func hasOnlyNumericNumbers(_ node: Node) -> Bool {
        !records[node.index].facts.contains(.refusedNumber)
    }

    /// The place before the first element or member of a container.
    public func start(of node: Node) -> Cursor {
        Cursor(index: node.index + 1, remaining: count(of: node))
    }

    /// The next element of an array.
    public func nextElement(_ cursor: inout Cursor) -> Node? {
        guard cursor.remaining > 0 else { return nil }
        let node = Node(index: cursor.index)
        cursor.index = Int(records[cursor.index].next)
        cursor.remaining -= 1
        return node
    }

    /// The next member of an object, duplicates included, in the order of the source.
    public func nextMember(_ cursor: inout Cursor) -> Member? {
        guard cursor.remaining > 0 else { return nil }
        let member = Member(key: Node(index: cursor.index), value: Node(index: cursor.index + 1))
        cursor.index = Int(records[cursor.index + 1].next)
        cursor.remaining -= 1
        return member
    }
}
