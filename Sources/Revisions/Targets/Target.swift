/// Where to go, as people say it: `head`, `heads`, `base`, a name or the beginning of one, `+2`, `-1`, `NAME+1`, and each
/// of them on a branch, `LABEL@head`.
public struct Target: Sendable, Equatable, CustomStringConvertible {
    /// The place that a target names.
    enum Symbol: Sendable, Equatable {
        case base, head, heads
        /// A revision, a label, or the beginning of one.
        case name(String)
    }

    /// The target as it was said.
    public let description: String
    let branch: String?
    /// Nil where the steps are counted from what is applied.
    let symbol: Symbol?
    /// How many steps up, or down when negative; nil where none were named.
    let steps: Int?

    /// Understands a target.
    public init(_ text: String) throws(TargetError) {
        description = text
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            branch = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
            guard RevisionID.isPlain(text[..<at]) else { throw .malformed(text) }
        } else {
            branch = nil
        }
        if let sign = rest.firstIndex(where: { $0 == "+" || $0 == "-" }) {
            let digits = rest[rest.index(after: sign)...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.utf8.count <= 6,
                let steps = Int(rest[sign...]), steps != 0
            else { throw .malformed(text) }
            self.steps = steps
            rest = rest[..<sign]
        } else {
            steps = nil
        }
        if rest.isEmpty, steps != nil {
            symbol = nil
        } else {
            guard RevisionID.isPlain(rest) else { throw .malformed(text) }
            symbol =
                switch rest {
                case "base": .base
                case "head": .head
                case "heads": .heads
                default: .name(String(rest))
                }
        }
    }
}

/// From where to where, as people say it: `A:B`, `A:` up to the heads, `:B` from the base.
public struct TargetRange: Sendable, Equatable {
    /// Where it begins; nil for the base.
    public let lower: Target?
    /// Where it ends; nil for the heads.
    public let upper: Target?

    /// Understands a range; nil when there is no colon in it, or several.
    public init?(_ text: String) throws(TargetError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        lower = parts[0].isEmpty ? nil : try Target(String(parts[0]))
        upper = parts[1].isEmpty ? nil : try Target(String(parts[1]))
    }

    /// The range between two targets.
    public init(from lower: Target?, to upper: Target?) {
        self.lower = lower
        self.upper = upper
    }
}
