/// One thing that an operator should know before a run, and what to do about it.
public struct PreflightFinding: Sendable, Equatable {
    /// How much it matters.
    public enum Weight: String, Sendable, CaseIterable {
        /// It would stop a run, or make one useless.
        case problem
        /// It may cost time, or do what nobody meant.
        case warning
        /// It is good to know.
        case notice
    }

    /// How much it matters.
    public let weight: Weight
    /// What was found.
    public let what: String
    /// The statement, the setting or the command that settles it; nil where there is nothing to do.
    public let remedy: String?

    /// A finding.
    public init(_ weight: Weight, _ what: String, remedy: String? = nil) {
        self.weight = weight
        self.what = what
        self.remedy = remedy
    }
}
