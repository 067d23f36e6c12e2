import Ledger

/// What a verification found, as the ledger has it or as it was just counted.
public struct Verdict: Sendable, Equatable {
    /// Source rows looked at.
    public var read: Int64 = 0
    /// Source rows whose rows are what they should be.
    public var equal: Int64 = 0
    /// Source rows that give no row, and have none.
    public var empty: Int64 = 0
    /// Source rows that are in the ledger as rejected, and of which nothing is in the target.
    public var rejected: Int64 = 0
    /// Source rows that differ and were written to since they were migrated.
    public var stale: Int64 = 0
    /// Source rows that differ though nobody wrote to them.
    public var wrong: Int64 = 0
    /// Rows of the target that no source row gives.
    public var extra: Int64 = 0
    /// Values in the source that others have set, where ours would have gone.
    public var others: Int64 = 0

    /// Whether nothing is wrong; what is stale is not wrong yet.
    public var hasPassed: Bool { wrong == 0 && extra == 0 }

    /// Whether everything was shown to be in its new place.
    public var isProof: Bool { hasPassed && stale == 0 }

    mutating func add(_ outcome: ChunkOutcome) {
        read += outcome.read
        equal += outcome.migrated
        empty += outcome.empty
        rejected += outcome.rejected
        stale += outcome.stale
        wrong += outcome.wrong
        extra += outcome.extra
        others += outcome.others
    }

    /// In one line.
    var sentence: String {
        var parts = ["\(wrong) wrong", "\(extra) that nothing gives"]
        if stale > 0 { parts.append("\(stale) changed since they were migrated") }
        return "\(read) rows read: " + parts.joined(separator: ", ")
    }
}
