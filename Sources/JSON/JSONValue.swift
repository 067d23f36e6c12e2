import CJSON

/// JSON that this program writes itself.
public indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    /// A number that is not finite is written as null: JSON has no word for it.
    case double(Double)
    case string(String)
    case array([JSONValue])
    /// Keys keep their order; they are the program's own and hold no NUL.
    case object([(String, JSONValue)])

    /// The value as JSON text, on one line unless `pretty`.
    public func text(pretty: Bool = false) -> String {
        // json-c stands for null by a null pointer, which it cannot print.
        guard let tree = makeTree() else { return "null" }
        defer { json_object_put(tree) }
        var length = 0
        let layout = pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN
        let start = json_object_to_json_string_length(tree, JSON_C_TO_STRING_NOSLASHESCAPE | layout, &length)
        return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }

    private func makeTree() -> OpaquePointer? {
        switch self {
        case .null: return nil
        case .bool(let value): return json_object_new_boolean(value ? 1 : 0)
        case .int(let value): return json_object_new_int64(value)
        case .double(let value): return value.isFinite ? json_object_new_double(value) : nil
        case .string(let value): return json_object_new_string_len(value, Int32(value.utf8.count))
        case .array(let values):
            let tree = json_object_new_array()
            for value in values { json_object_array_add(tree, value.makeTree()) }
            return tree
        case .object(let members):
            let tree = json_object_new_object()
            for (key, value) in members { json_object_object_add(tree, key, value.makeTree()) }
            return tree
        }
    }
}
