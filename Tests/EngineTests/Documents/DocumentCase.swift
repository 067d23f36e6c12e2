import Testing

/// A document, and what becomes of it in each type of column that can hold it.
struct DocumentCase: Sendable {
    /// The types that columns of documents have.
    enum ColumnType: String, CaseIterable {
        case json, jsonb, text
    }

    /// What becomes of a chapter.
    enum Outcome: Equatable, Sendable {
        /// Sections: title, a colon, text, picture, as far as they are there.
        case rows([String])
        /// One reject of this code, and nothing else.
        case rejected(String)
        /// The type takes no such value.
        case impossible

        /// Nothing is written, and nothing is wrong.
        static let empty = rows([])

        /// By bytes: to `String`, é in one character and é in two are the same.
        static func == (one: Outcome, other: Outcome) -> Bool {
            switch (one, other) {
            case (.rows(let mine), .rows(let theirs)): mine.map { Array($0.utf8) } == theirs.map { Array($0.utf8) }
            case (.rejected(let mine), .rejected(let theirs)): mine == theirs
            case (.impossible, .impossible): true
            default: false
            }
        }
    }

    let name: String
    let content: String?
    let images: String?
    private let json: Outcome
    private let jsonb: Outcome
    private let text: Outcome

    /// A chapter's body, where there are no pictures.
    init(_ name: String, _ content: String?, json: Outcome, jsonb: Outcome, text: Outcome) {
        (self.name, self.content, images) = (name, content, nil)
        (self.json, self.jsonb, self.text) = (json, jsonb, text)
    }

    /// A chapter's pictures, where the body is one block: `t`.
    init(_ name: String, images: String, json: Outcome, jsonb: Outcome, text: Outcome) {
        (self.name, content, self.images) = (name, #"["t"]"#, images)
        (self.json, self.jsonb, self.text) = (json, jsonb, text)
    }

    /// A body of which the same becomes in every type.
    init(_ name: String, _ content: String?, _ outcome: Outcome) {
        self.init(name, content, json: outcome, jsonb: outcome, text: outcome)
    }

    /// Pictures of which the same becomes in every type.
    init(_ name: String, images: String, _ outcome: Outcome) {
        self.init(name, images: images, json: outcome, jsonb: outcome, text: outcome)
    }

    /// A body that is JSON and that `jsonb` refuses.
    init(_ name: String, _ content: String, notInJSONB outcome: Outcome) {
        self.init(name, content, json: outcome, jsonb: .impossible, text: outcome)
    }

    /// A body that is no JSON.
    init(_ name: String, _ content: String, onlyInText outcome: Outcome) {
        self.init(name, content, json: .impossible, jsonb: .impossible, text: outcome)
    }

    func outcome(in type: ColumnType) -> Outcome {
        switch type {
        case .json: json
        case .jsonb: jsonb
        case .text: text
        }
    }
}
