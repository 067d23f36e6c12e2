import CJSON

/// A JSON file with comments.
///
/// The strict check goes first and refuses whatever json-c would change or overlook: duplicate keys, NUL,
/// lone surrogates, integers beyond 64 bits. Only then do json-c's values count.
public enum ConfigurationFile {
    /// Nesting beyond this is a mistake in a file that people write.
    static let deepest = 32

    /// Reads a whole file.
    public static func read(_ bytes: [UInt8]) throws(ConfigurationError) -> LocatedValue {
        let text = try CommentBlanker.blank(bytes)
        let lines = LineTable(text)
        // The closure variant of Array rethrows untyped; the result carries the typed error across it.
        let result: Result<LocatedValue, ConfigurationError> = text.withUnsafeBytes { buffer in
            do throws(ConfigurationError) {
                return .success(try read(buffer, lines))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func read(
        _ text: UnsafeRawBufferPointer, _ lines: LineTable
    ) throws(ConfigurationError) -> LocatedValue {
        var document = Document()
        do throws(SyntaxError) {
            try document.parse(text)
        } catch {
            throw ConfigurationError(line: lines.line(at: error.offset), problem: error.problem)
        }
        guard document.depth <= deepest else {
            throw ConfigurationError(line: 1, problem: "nested deeper than \(deepest) levels")
        }
        let tree = try parseTree(text)
        defer { json_object_put(tree) }
        return try ConfigurationTree(document: document, lines: lines).value(at: document.root, tree)
    }

    /// json-c's tree of a text that passed the strict check; the caller frees it.
    private static func parseTree(_ text: UnsafeRawBufferPointer) throws(ConfigurationError) -> OpaquePointer? {
        // One level more than allowed: json-c counts scalars as one.
        guard let tokener = json_tokener_new_ex(Int32(deepest + 1)) else { fatalError("out of memory") }
        defer { json_tokener_free(tokener) }
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)
        // json-c ends a bare scalar only at a NUL, so the text goes to it with one more byte.
        let terminated = Array(text) + [0]
        guard let length = Int32(exactly: terminated.count) else {
            throw ConfigurationError(line: 1, problem: "the file is too long")
        }
        let tree = terminated.withUnsafeBytes { buffer in
            json_tokener_parse_ex(tokener, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), length)
        }
        guard json_tokener_get_error(tokener) == json_tokener_success else {
            json_object_put(tree)
            throw ConfigurationError(
                line: 1, problem: "the file holds invalid UTF-8 or what json-c cannot read")
        }
        return tree
    }
}
