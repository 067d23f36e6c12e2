import CJSON

/// Walks the checked document and json-c's tree side by side: lines and checks from one, values from the
/// other.
struct ConfigurationTree {
    let document: Document
    let lines: LineTable

    func value(
        at node: Document.Node, _ tree: OpaquePointer?
    ) throws(ConfigurationError) -> LocatedValue {
        let line = lines.line(at: document.offset(of: node))
        let content: LocatedValue.Content
        switch document.kind(of: node) {
        case .null: content = .null
        case .true, .false: content = .bool(json_object_get_boolean(tree) != 0)
        case .string:
            try requireStorable(node, line, "the string")
            content = .string(Self.string(of: tree))
        case .number: content = try number(at: node, tree, line)
        case .array: content = .array(try elements(of: node, tree))
        case .object: content = .object(try members(of: node, tree))
        }
        return LocatedValue(line: line, content: content)
    }

    private func number(
        at node: Document.Node, _ tree: OpaquePointer?, _ line: Int
    ) throws(ConfigurationError) -> LocatedValue.Content {
        // json-c keeps the spelling of these, but gives it out only with a NUL at the end.
        if document.isDecimal(node) {
            return .number(String(decoding: document.source(of: node), as: UTF8.self))
        }
        // json-c clamps what does not fit, so the digits themselves decide.
        guard document.integer(of: node) != nil else {
            throw ConfigurationError(line: line, problem: "the number does not fit 64 bits")
        }
        return .integer(json_object_get_int64(tree))
    }

    private func elements(
        of node: Document.Node, _ tree: OpaquePointer?
    ) throws(ConfigurationError) -> [LocatedValue] {
        var elements: [LocatedValue] = []
        var cursor = document.start(of: node)
        while let element = document.nextElement(&cursor) {
            elements.append(try value(at: element, json_object_array_get_idx(tree, elements.count)))
        }
        return elements
    }

    private func members(
        of node: Document.Node, _ tree: OpaquePointer?
    ) throws(ConfigurationError) -> [LocatedValue.Member] {
        var members: [LocatedValue.Member] = []
        var keys: Set<[UInt8]> = []
        var cursor = document.start(of: node)
        while let member = document.nextMember(&cursor) {
            let line = lines.line(at: document.offset(of: member.key))
            try requireStorable(member.key, line, "the key")
            var bytes: [UInt8] = []
            document.appendContents(of: member.key, to: &bytes)
            let key = String(decoding: bytes, as: UTF8.self)
            guard keys.insert(bytes).inserted else {
                throw ConfigurationError(line: line, problem: "the key \"\(key)\" stands here twice")
            }
            var child: OpaquePointer?
            guard json_object_object_get_ex(tree, key, &child) != 0 else {
                throw ConfigurationError(line: line, problem: "json-c does not find the key \"\(key)\"")
            }
            members.append(
                LocatedValue.Member(key: key, line: line, value: try value(at: member.value, child)))
        }
        return members
    }

    private func requireStorable(
        _ node: Document.Node, _ line: Int, _ subject: String
    ) throws(ConfigurationError) {
        guard !document.isStorable(node) else { return }
        throw ConfigurationError(
            line: line, problem: "\(subject) holds a NUL, half a surrogate pair or invalid UTF-8")
    }

    private static func string(of tree: OpaquePointer?) -> String {
        let start = json_object_get_string(tree)
        let length = Int(json_object_get_string_len(tree))
        return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }
}
