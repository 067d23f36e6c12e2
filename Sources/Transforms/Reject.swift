/// Why a row cannot be migrated, as the ledger and the operator's scripts name it.
public enum RejectCode: String, Sendable, CaseIterable {
    case malformedJSON = "malformed-json"
    case unknownShape = "unknown-shape"
    case badSection = "bad-section"
    case badImages = "bad-images"
    case missingImage = "missing-image"
    case badText = "bad-text"
    case numberRange = "number-range"
    case tooDeep = "too-deep"
    /// The document is larger than the operator allows; it was never fetched.
    case tooLarge = "too-large"
    /// Reading the row ended a worker again and again.
    case crashedWorker = "crashed-worker"
    /// Migrating the row took longer than a statement may, again and again.
    case tooSlow = "too-slow"
    /// The server refused what the row became: a constraint, a trigger.
    case refusedByServer = "refused-by-server"
}

/// One source row that was refused: nothing of it is written to the targets.
public struct Reject: Error, Equatable, Sendable {
    /// The kind of fault.
    public let code: RejectCode
    /// Where in the row it is, like `content[3].image_index`.
    public let place: String
    /// The fault in one line for people; no control characters, and never a whole document.
    public let message: String

    /// Describes a refusal; the message begins with the place by itself.
    public init(_ code: RejectCode, place: String, problem: String) {
        self.code = code
        self.place = place
        message = "\(place): \(problem)"
    }
}

/// The type of a source column, which decides how its bytes are read.
public enum DocumentType: Sendable {
    /// Anything people typed: JSON, Markdown, a url.
    case text
    /// JSON as it was written, duplicate keys included.
    case json
    /// JSON as PostgreSQL keeps it; the version byte of its binary form is already taken off.
    case jsonb
}
