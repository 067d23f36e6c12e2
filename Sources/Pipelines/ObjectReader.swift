import JSON
import Postgres

/// One object of a pipeline file while it is read: takes values out by key, and leaves a problem for each that is
/// missing, of the wrong type, or not known.
struct ObjectReader {
    /// Whether a key must be there.
    enum Presence {
        case required, optional
    }

    /// The line where the object begins.
    let line: Int
    /// What messages call the object: "the pipeline", "stage "tables"".
    var subject: String
    private let members: [LocatedValue.Member]
    private let values: [String: LocatedValue]
    private let problems: ProblemList

    /// Nil, and a problem, when the value is no object.
    init?(_ value: LocatedValue, subject: String, problems: ProblemList) {
        guard case .object(let members) = value.content else {
            problems.add(line: value.line, "\(subject) must be an object, not \(value.content.noun)")
            return nil
        }
        line = value.line
        self.subject = subject
        self.members = members
        self.problems = problems
        // No key is there twice: that is refused when the file is read as JSON.
        var values: [String: LocatedValue] = [:]
        for member in members { values[member.key] = member.value }
        self.values = values
    }

    /// Leaves a problem for each key that is not among `known`.
    func expectKeys(_ known: [String], of kind: String) {
        for member in members where !known.contains(member.key) {
            let hint = hint(for: member.key, among: known)
            problems.add(line: member.line, "\(quotation(member.key)) is not a key of \(kind); \(hint)")
        }
    }

    /// Whether the key is there, whatever its value.
    func has(_ key: String) -> Bool { values[key] != nil }

    /// The value of a key.
    func value(_ key: String, _ presence: Presence = .required) -> LocatedValue? {
        if let value = values[key] { return value }
        if presence == .required { complain("lacks \(quotation(key))") }
        return nil
    }

    /// A problem with the object as a whole.
    func complain(_ message: String) {
        problems.add(line: line, "\(subject) \(message)")
    }

    /// A problem with the value of a key.
    func complain(about key: String, _ message: String) {
        problems.add(line: values[key]?.line ?? line, "\(subject): \(quotation(key)) \(message)")
    }

    /// A string.
    func string(_ key: String, _ presence: Presence = .required) -> String? {
        guard let value = value(key, presence) else { return nil }
        if case .string(let string) = value.content { return string }
        complain(about: key, "must be a string, not \(value.content.noun)")
        return nil
    }

    /// A sentence for people: one line, not blank.
    func sentence(_ key: String, _ presence: Presence = .required) -> String? {
        guard let text = string(key, presence) else { return nil }
        let scalars = text.unicodeScalars
        guard scalars.contains(where: { !$0.properties.isWhitespace }),
            !scalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            complain(about: key, "must be a sentence on one line")
            return nil
        }
        return text
    }

    /// A boolean; false when the key is not there, nil when it holds something else.
    func flag(_ key: String) -> Bool? {
        guard let value = value(key, .optional) else { return false }
        if case .bool(let flag) = value.content { return flag }
        complain(about: key, "must be true or false, not \(value.content.noun)")
        return nil
    }

    /// The name of a database object.
    func identifier(_ key: String, _ presence: Presence = .required) -> Identifier? {
        guard let name = string(key, presence) else { return nil }
        return identifier(name, key: key)
    }

    /// Names of database objects: at least one, none twice.
    func identifiers(_ key: String, _ presence: Presence = .required) -> [Identifier]? {
        guard let texts = strings(key, presence) else { return nil }
        let names = texts.compactMap { identifier($0, key: key) }
        return names.count == texts.count ? names : nil
    }

    /// A string, or an array of strings: at least one, none twice.
    func oneOrMore(_ key: String) -> [String]? {
        guard let value = value(key) else { return nil }
        switch value.content {
        case .string(let text): return [text]
        case .array: return strings(key)
        default:
            complain(about: key, "must be a string or an array of strings, not \(value.content.noun)")
            return nil
        }
    }

    /// Strings: at least one, none twice.
    func strings(_ key: String, _ presence: Presence = .required) -> [String]? {
        guard let elements = array(key, presence) else { return nil }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element.content else {
                complain(about: key, "must hold strings only, not \(element.content.noun)")
                return nil
            }
            guard !texts.contains(where: { $0.utf8.elementsEqual(text.utf8) }) else {
                complain(about: key, "names \(quotation(text)) twice")
                return nil
            }
            texts.append(text)
        }
        return texts
    }

    /// The elements of an array that is not empty.
    func array(_ key: String, _ presence: Presence = .required) -> [LocatedValue]? {
        guard let value = value(key, presence) else { return nil }
        guard case .array(let elements) = value.content else {
            complain(about: key, "must be an array, not \(value.content.noun)")
            return nil
        }
        guard !elements.isEmpty else {
            complain(about: key, "must not be empty")
            return nil
        }
        return elements
    }

    /// The object that a key holds; its own keys must be among `known`.
    func object(_ key: String, keys known: [String], _ presence: Presence = .required) -> ObjectReader? {
        guard let value = value(key, presence) else { return nil }
        let subject = "\(quotation(key)) of \(subject)"
        guard let object = ObjectReader(value, subject: subject, problems: problems) else { return nil }
        object.expectKeys(known, of: quotation(key))
        return object
    }

    /// The objects in the array that a key holds, at least one; the keys of each must be among `known`.
    func objects(_ key: String, keys known: [String]) -> [ObjectReader]? {
        guard let elements = array(key) else { return nil }
        let objects = elements.enumerated().compactMap { index, element -> ObjectReader? in
            let subject = "element \(index + 1) of \(quotation(key)) of \(subject)"
            guard let object = ObjectReader(element, subject: subject, problems: problems) else { return nil }
            object.expectKeys(known, of: "an element of \(quotation(key))")
            return object
        }
        return objects.count == elements.count ? objects : nil
    }

    private func identifier(_ name: String, key: String) -> Identifier? {
        if let identifier = Identifier(name) { return identifier }
        let limit = "1 to \(Identifier.maximumBytes) bytes long and hold no NUL"
        complain(about: key, "cannot name anything in a database: \(quotation(name)) must be \(limit)")
        return nil
    }
}

extension LocatedValue.Content {
    /// What messages call a value of this type.
    var noun: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
