/// What the comments at the top of a revision's file say.
struct RevisionHeader {
    /// The words that such a comment begins with.
    enum Key: String, CaseIterable {
        case revision
        case revises
        case labels = "branch labels"
        case dependencies = "depends on"
        case created
        case title
        case pipeline = "run"
    }

    let revision: Revision
    let title: String
    let created: String?
    let pipeline: String?
    let hasNoTransaction: Bool

    init(path: String, lines: RevisionLines, end: Int) throws(RevisionFileError) {
        var said: [Key: (value: String, line: Int)] = [:]
        var isAlone = false
        for line in 0..<end {
            guard let comment = lines.comment(line) else { continue }
            if comment == "no transaction" { isAlone = true }
            guard let found = try Self.entry(comment, path: path, line: line + 1) else { continue }
            guard said[found.key] == nil else {
                throw RevisionFileError(path: path, line: line + 1, reason: .repeatedKey(found.key.rawValue))
            }
            said[found.key] = (found.value, line + 1)
        }
        hasNoTransaction = isAlone
        title = said[.title]?.value ?? ""
        created = said[.created]?.value
        func fault(_ key: Key) -> RevisionFileError {
            RevisionFileError(path: path, line: said[key]?.line, reason: .badValue(key.rawValue))
        }
        func list(_ key: Key) -> [String] {
            let names = (said[key]?.value ?? "").split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
            return names == ["none"] ? [] : names
        }
        func names<Name>(_ key: Key, _ make: (String) -> Name?) throws(RevisionFileError) -> [Name] {
            var made: [Name] = []
            for text in list(key) {
                guard let name = make(text) else { throw fault(key) }
                made.append(name)
            }
            return made
        }
        guard let stated = said[.revision] else { throw RevisionFileError(path: path, line: nil, reason: .noName) }
        guard let id = RevisionID(stated.value) else { throw fault(.revision) }
        // An empty line could be forgotten as well as meant.
        for key in [Key.revises, .labels, .dependencies] where said[key]?.value == "" { throw fault(key) }
        revision = Revision(
            id, parents: try names(.revises) { RevisionID($0) },
            dependencies: try names(.dependencies) { RevisionID($0)?.text },
            labels: try names(.labels) { BranchLabel($0) })
        let pipeline = said[.pipeline]?.value
        if let pipeline, pipeline.isEmpty || pipeline.utf8.contains(where: { $0 <= 0x20 }) { throw fault(.pipeline) }
        self.pipeline = pipeline
    }

    /// The key and the value of a comment; nil for one that is none of these lines.
    private static func entry(
        _ comment: String, path: String, line: Int
    ) throws(RevisionFileError) -> (key: Key, value: String)? {
        guard let colon = comment.firstIndex(of: ":") else { return nil }
        let word = String(comment[..<colon])
        if let key = Key(rawValue: word) {
            let value = comment[comment.index(after: colon)...]
            return (key, String(value.drop { $0 == " " || $0 == "\t" }))
        }
        // A sentence with a colon in it is a comment; a word or two with one are a line that is misspelt.
        guard word.count <= 15, word.allSatisfy({ $0.isASCII && ($0.isLetter || $0 == " " || $0 == "_") }) else {
            return nil
        }
        throw RevisionFileError(path: path, line: line, reason: .unknownKey(word))
    }
}
