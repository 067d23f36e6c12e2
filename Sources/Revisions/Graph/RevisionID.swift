/// The name of a revision, which its file, other revisions and `etl.version` know it by.
public struct RevisionID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name itself.
    public let text: String

    /// Takes 1 to 64 letters, digits and underscores of ASCII that mean nothing else as a target; nil for all the rest.
    public init?(_ text: String) {
        guard Self.isPlain(text), !Self.reserved.contains(text) else { return nil }
        self.text = text
    }

    /// Names are ordered by their bytes.
    public static func < (one: RevisionID, other: RevisionID) -> Bool { one.text < other.text }

    /// The name itself.
    public var description: String { text }

    /// Words that mean something else as a target.
    static let reserved: Set<String> = ["base", "head", "heads", "current", "none"]

    /// Whether a text has the form of a name.
    static func isPlain(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy(isNamePart)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// A name for a branch: the revision that bears it, and all that descend from it.
public struct BranchLabel: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name itself.
    public let text: String

    /// Takes what a revision could be called, too; nil for anything else.
    public init?(_ text: String) {
        guard let id = RevisionID(text) else { return nil }
        self.text = id.text
    }

    /// Names are ordered by their bytes.
    public static func < (one: BranchLabel, other: BranchLabel) -> Bool { one.text < other.text }

    /// The name itself.
    public var description: String { text }
}
