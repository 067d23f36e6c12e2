/// Why a target leads nowhere.
public enum TargetError: Error, Sendable, Equatable {
    /// It has no form that a target has.
    case malformed(String)
    /// No revision and no label is called so, or begins so.
    case unknown(String)
    /// Several revisions or labels begin so.
    case ambiguous(String, [String])
    /// The revision is not on the branch.
    case notOnBranch(RevisionID, branch: String)
    /// One place is meant, and there are several heads.
    case severalHeads([RevisionID])
    /// Steps were counted from what is applied, and that has several ends.
    case severalCurrent([RevisionID])
    /// A step could lead to several revisions.
    case severalWays([RevisionID])
    /// There are not so many revisions to go.
    case tooFar(String)
    /// An upgrade was told to go down, or a downgrade to go up.
    case wrongDirection(String)
    /// What is applied does not stand on it.
    case notBelow(String)
    /// The two ends are not on one line.
    case notInLine
    /// These are applied, or said to be, and there are no such revisions.
    case lost([RevisionID])
    /// These are applied, and what they need is not.
    case gap([RevisionID], needs: [RevisionID])
}

extension TargetError: CustomStringConvertible {
    /// The reason as a sentence.
    public var description: String {
        switch self {
        case .malformed(let text):
            "'\(text)' is no target: say head, heads, base, a revision, +2, -1, NAME+1 or LABEL@head"
        case .unknown(let name): "there is no revision and no label that is called '\(name)' or begins so"
        case .ambiguous(let name, let all): "several begin with '\(name)': \(all.joined(separator: ", "))"
        case .notOnBranch(let id, let branch): "revision \(id) is not on the branch \(branch)"
        case .severalHeads(let heads): "there are several heads: \(Self.list(heads))"
        case .severalCurrent(let heads):
            "steps cannot be counted from here, because several revisions are current: \(Self.list(heads))"
        case .severalWays(let ways): "the way parts: \(Self.list(ways))"
        case .tooFar(let target): "there are fewer revisions to go than \(target) says"
        case .wrongDirection(let target): "\(target) leads the other way"
        case .notBelow(let target): "\(target) is not below what is applied"
        case .notInLine: "the two ends are not an ancestor and a descendant"
        case .lost(let ids): "there is no file of these revisions, which are applied: \(Self.list(ids))"
        case .gap(let ids, let needs):
            "\(Self.list(ids)) applied, but what they need is not: \(Self.list(needs))"
        }
    }

    private static func list(_ ids: [RevisionID]) -> String { ids.map(\.text).joined(separator: ", ") }
}
