extension Document {
    /// From this many members on, looking keys up one by one costs more than a table of them.
    private static let manyMembers = 24

    /// The value of a key; of several with the same key the last, as `jsonb` keeps it.
    public func value(of key: UnsafeRawBufferPointer, in object: Node) -> Node? {
        guard kind(of: object) == .object else { return nil }
        var found: Node?
        var cursor = start(of: object)
        while let member = nextMember(&cursor) {
            if isString(member.key, key) { found = member.value }
        }
        return found
    }

    /// The value of a key; of several with the same key the last, as `jsonb` keeps it.
    public func value(of key: StaticString, in object: Node) -> Node? {
        value(of: UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount), in: object)
    }

    /// All members, duplicates included, in the order of the source.
    public func members(of object: Node) -> [Member] {
        guard kind(of: object) == .object else { return [] }
        var members: [Member] = []
        members.reserveCapacity(count(of: object))
        var cursor = start(of: object)
        while let member = nextMember(&cursor) { members.append(member) }
        return members
    }

    /// The members that `jsonb` would keep, in the order of the source: of several with the same key the last.
    public func winners(of object: Node) -> [Member] {
        let members = members(of: object)
        if members.count < Self.manyMembers {
            return members.indices.filter { place in
                !members[(place + 1)...].contains { isString($0.key, sameAs: members[place].key, in: self) }
            }.map { members[$0] }
        }
        let last = table(of: members)
        return members.indices.filter { last[contents(of: members[$0].key)] == $0 }.map { members[$0] }
    }

    /// Whether an object has all of these members of another document, with values that are equal as `jsonb`
    /// compares them.
    public func object(_ object: Node, has wanted: [Member], of other: Document) -> Bool {
        guard kind(of: object) == .object else { return false }
        if count(of: object) < Self.manyMembers {
            return wanted.allSatisfy { member in
                guard let value = value(ofKey: member.key, of: other, in: object) else { return false }
                return isEqual(value, to: member.value, in: other)
            }
        }
        let mine = winners(of: object)
        let places = table(of: mine)
        return wanted.allSatisfy { member in
            guard let place = places[other.contents(of: member.key)] else { return false }
            return isEqual(mine[place].value, to: member.value, in: other)
        }
    }

    private func value(ofKey key: Node, of other: Document, in object: Node) -> Node? {
        if let plain = other.plainContents(of: key) { return value(of: plain, in: object) }
        return other.contents(of: key).withUnsafeBytes { value(of: $0, in: object) }
    }

    private func table(of members: [Member]) -> [[UInt8]: Int] {
        Dictionary(
            zip(members.map { contents(of: $0.key) }, members.indices), uniquingKeysWith: { _, last in last })
    }

    /// What a string says, escapes resolved.
    public func contents(of string: Node) -> [UInt8] {
        var bytes: [UInt8] = []
        appendContents(of: string, to: &bytes)
        return bytes
    }

    /// Whether two values, of one document or of two, are equal as `jsonb` compares them: objects whatever
    /// the order of their keys, numbers by value, strings by their bytes.
    ///
    /// It goes down into the values, so a caller bounds their depth first.
    public func isEqual(_ node: Node, to other: Node, in document: Document) -> Bool {
        let kind = kind(of: node)
        guard kind == document.kind(of: other) else { return false }
        switch kind {
        case .null, .true, .false: return true
        case .string: return isString(node, sameAs: other, in: document)
        case .number: return Decimal.areEqual(Decimal(source(of: node)), Decimal(document.source(of: other)))
        case .array:
            guard count(of: node) == document.count(of: other) else { return false }
            var mine = start(of: node)
            var theirs = document.start(of: other)
            while let element = nextElement(&mine), let counterpart = document.nextElement(&theirs) {
                guard isEqual(element, to: counterpart, in: document) else { return false }
            }
            return true
        case .object:
            let wanted = document.winners(of: other)
            return winners(of: node).count == wanted.count && object(node, has: wanted, of: document)
        }
    }
}
