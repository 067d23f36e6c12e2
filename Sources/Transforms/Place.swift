/// Where in a row something stands; it becomes text only when there is something to report.
struct Place {
    var column: String
    /// The key of the outermost object whose array is meant.
    var list: StaticString?
    var index: Int?
    var member: StaticString?
    var memberIndex: Int?
    /// The line of a Markdown text, counted from 1.
    var line: Int?

    init(_ column: String, list: StaticString? = nil, index: Int? = nil) {
        self.column = column
        self.list = list
        self.index = index
    }

    /// A member of what stands here.
    func member(_ name: StaticString, index: Int? = nil) -> Place {
        var place = self
        place.member = name
        place.memberIndex = index
        return place
    }

    /// A line of the Markdown that stands here.
    func line(_ number: Int) -> Place {
        var place = self
        place.line = number
        return place
    }

    /// As the ledger shows it: `content.sections[3].images[0]`.
    var text: String {
        var text = column
        if let list { text += ".\(list)" }
        if let index { text += "[\(index)]" }
        if let member { text += ".\(member)" }
        if let memberIndex { text += "[\(memberIndex)]" }
        if let line { text += " line \(line)" }
        return text
    }

    func reject(_ code: RejectCode, _ problem: String) -> Reject {
        Reject(code, place: text, problem: problem)
    }

    /// The refusal of text that PostgreSQL has no way to hold.
    var badText: Reject {
        reject(.badText, "holds a NUL, half a surrogate pair or invalid UTF-8, which cannot be stored")
    }
}

/// A short piece of somebody's data, fit to be shown in one line.
enum Excerpt {
    /// More characters than this are cut off.
    static let longest = 60

    static func of(_ bytes: UnsafeRawBufferPointer) -> String {
        // Four bytes a character are the most that UTF-8 takes.
        let decoded = String(decoding: bytes.prefix(longest * 4), as: UTF8.self)
        var text = ""
        for scalar in decoded.unicodeScalars.prefix(longest) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                text.unicodeScalars.append(scalar)
            }
        }
        return decoded.unicodeScalars.count > longest ? text + "…" : text
    }
}
