public import Postgres

/// A revision as its file says it: what it is called, what it stands on, and the statements of both directions.
public struct RevisionFile: Sendable, Equatable {
    /// One direction of a revision.
    public struct Side: Sendable, Equatable {
        /// Its statements, which may be none.
        public let script: SQLScript
        /// Whether they run in one transaction, with the note that they did.
        public let isTransactional: Bool
    }

    /// The path of the file in the project.
    public let path: String
    /// Its place in the graph.
    public let revision: Revision
    /// What it is for, in a line.
    public let title: String
    /// When it was written, as the file says it.
    public let created: String?
    /// The pipeline that is its data step.
    public let pipeline: String?
    /// What applies it.
    public let upgrade: Side
    /// What takes it back; nil when there is no way back.
    public let downgrade: Side?

    /// Reads a file.
    public init(path: String, bytes: [UInt8]) throws(RevisionFileError) {
        let lines = RevisionLines(bytes)
        let sections = try RevisionSections(path: path, lines: lines)
        let header = try RevisionHeader(path: path, lines: lines, end: sections.headerEnd)
        self.path = path
        revision = header.revision
        title = header.title
        created = header.created
        pipeline = header.pipeline
        // Read before the rest, so that what is no text at all is said first.
        let above = try Self.side(path, lines, 0..<sections.headerEnd, header)
        if let stray = above.script.statements.first {
            throw RevisionFileError(path: path, line: stray.line, reason: .statementInHeader)
        }
        let upgrade = try sections.upgrade.map { range throws(RevisionFileError) in
            try Self.side(path, lines, range, header)
        }
        downgrade = try sections.downgrade.map { range throws(RevisionFileError) in
            try Self.side(path, lines, range, header)
        }
        guard upgrade != nil || header.pipeline != nil else {
            throw RevisionFileError(path: path, line: nil, reason: .noUpgrade)
        }
        self.upgrade = upgrade ?? above
    }

    private static func side(
        _ path: String, _ lines: RevisionLines, _ range: Range<Int>, _ header: RevisionHeader
    ) throws(RevisionFileError) -> Side {
        let script: SQLScript
        do throws(SQLTextError) {
            script = try SQLScript(name: path, bytes: lines.bytes(range))
        } catch {
            throw RevisionFileError(path: path, line: error.line, reason: .text(error.message))
        }
        let comments = range.lazy.map { lines.comment($0) }.prefix { $0 != nil }
        let isAlone = header.hasNoTransaction || comments.contains("no transaction")
        return Side(script: script, isTransactional: !isAlone)
    }

    /// Whether a downgrade can take it back.
    public var isReversible: Bool { downgrade != nil || (pipeline != nil && upgrade.script.statements.isEmpty) }
}

/// Why a file is not a revision.
public struct RevisionFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with it.
    public enum Reason: Sendable, Equatable {
        /// A line of the header with a word that no header has.
        case unknownKey(String)
        /// A line of the header that is there twice.
        case repeatedKey(String)
        /// A line of the header whose value is none that it can have.
        case badValue(String)
        /// There is no line that says what the revision is called.
        case noName
        /// There is neither a section with statements nor a pipeline.
        case noUpgrade
        /// A section that is there twice, or the upgrade after the downgrade.
        case sectionsOutOfOrder
        /// A statement before the first section.
        case statementInHeader
        /// Something is wrong with the text of the statements.
        case text(String)
        /// The file could not be read.
        case unreadable(String)
    }

    /// The path of the file in the project.
    public let path: String
    /// The line, counted from 1, where there is one.
    public let line: Int?
    /// What is wrong.
    public let reason: Reason

    /// Describes what is wrong with a file.
    public init(path: String, line: Int?, reason: Reason) {
        self.path = path
        self.line = line
        self.reason = reason
    }

    /// The place and the reason on one line.
    public var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(message)" }

    private var message: String {
        switch reason {
        case .unknownKey(let key):
            "'\(key)' is no line of a header: there are \(RevisionHeader.Key.allCases.map(\.rawValue).joined(separator: ", "))"
        case .repeatedKey(let key): "'\(key)' is there twice"
        case .badValue(let key): "the value of '\(key)' has letters, digits and underscores only, or is missing"
        case .noName: "there is no line '-- revision: ID'"
        case .noUpgrade: "there is neither a line '-- upgrade' with statements after it nor a line '-- run: PIPELINE'"
        case .sectionsOutOfOrder: "there is one line '-- upgrade', and after it at most one '-- downgrade'"
        case .statementInHeader: "a statement stands before the line '-- upgrade'"
        case .text(let message): message
        case .unreadable(let message): message
        }
    }
}
