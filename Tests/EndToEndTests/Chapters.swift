/// Which chapters the generator makes; the same ones for the same values.
struct Chapters: Sendable {
    /// The type of the key.
    enum Key: String, Sendable, CaseIterable {
        case uuid, text, bigint
    }

    /// The type of the documents.
    enum Document: String, Sendable, CaseIterable {
        case text, json, jsonb
    }

    /// What the application has done about covers.
    enum Covers: String, Sendable {
        /// There is no such column.
        case absent
        /// Some are set.
        case existing
        /// All kinds of values are set, some of which are no picture.
        case every
    }

    var rows: Int
    var seed = 7
    var key = Key.uuid
    var content = Document.jsonb
    var images = Document.jsonb
    /// The share of those with a fault.
    var bad = 0.01
    /// Whether documents are short.
    var isSmall = true
    var covers = Covers.absent
    /// Whether a copy of all chapters is kept, for judging when columns are dropped.
    var isCopied = false

    /// What the generator is started with.
    var arguments: [String] {
        var words = ["--rows", "\(rows)", "--seed", "\(seed)", "--key", key.rawValue]
        words += ["--content", content.rawValue, "--images", images.rawValue, "--bad", "\(bad)"]
        if isSmall { words.append("--small") }
        if covers != .absent { words += ["--cover", covers.rawValue] }
        if isCopied { words += ["--copy", MemoirDatabase.copiedChapters] }
        return words
    }
}
