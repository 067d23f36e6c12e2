import Ledger
import Synchronization

/// One value that is not what it should be.
public struct Difference: Sendable, Equatable {
    /// How it differs.
    public enum Kind: String, Sendable {
        /// A row that should be there is not.
        case missing
        /// A row is there that no source row gives.
        case extra
        /// A row is there with another value.
        case different
        /// The source row itself: nothing says why it was not migrated.
        case unaccounted
        /// A value in the source that others have set, where ours would have gone. No failure.
        case setByOthers = "set-by-others"
    }

    /// How it differs.
    public let kind: Kind
    /// Whether the source row changed since it was migrated: then it is no failure.
    public let isStale: Bool
    /// The table that holds the value.
    public let table: String
    /// The key of the source row.
    public let key: String
    /// Which row and column of the table; empty where the whole is meant.
    public let place: String
    /// What is there, nil for nothing; an excerpt around the place where both part.
    public let found: String?
    /// What should be there, nil for nothing; an excerpt of the same place.
    public let expected: String?

    /// Whether it is what verifying is done to find.
    var isFailure: Bool { !isStale && kind != .setByOthers }

    /// For people: what, and both sides one under the other.
    public var lines: [String] {
        let stale = isStale ? " (changed since it was migrated: no failure)" : ""
        let words =
            switch kind {
            case .missing: "a row is missing"
            case .extra: "a row that nothing gives"
            case .different: "a row differs"
            case .unaccounted: "a row of the source is not accounted for"
            case .setByOthers: "set by others: no failure"
            }
        var lines = ["\(table), key \(key)\(place.isEmpty ? "" : ", \(place)"): \(words)\(stale)"]
        if found != nil || expected != nil {
            lines.append("  found     \(found ?? "(nothing)")")
            lines.append("  expected  \(expected ?? "(nothing)")")
        }
        return lines
    }

    /// Two values cut to the place where they part.
    static func excerpts(_ found: [UInt8]?, _ expected: [UInt8]?, _ text: LedgerText) -> (String?, String?) {
        guard let found, let expected else {
            return (found.map { excerpt(of: $0[...], text) }, expected.map { excerpt(of: $0[...], text) })
        }
        let common = zip(found, expected).prefix { $0 == $1 }.count
        var start = max(0, common - 12)
        // Not in the middle of a character.
        while start > 0, start < found.count, found[start] & 0xC0 == 0x80 { start -= 1 }
        let mark = start > 0 ? "…" : ""
        return (
            mark + excerpt(of: found.dropFirst(start), text), mark + excerpt(of: expected.dropFirst(start), text)
        )
    }

    private static let longest = 60

    private static func excerpt(of bytes: ArraySlice<UInt8>, _ text: LedgerText) -> String {
        let decoded = String(decoding: bytes.prefix(longest * 4), as: UTF8.self)
        let scalars = decoded.unicodeScalars.prefix(longest)
        let cut = String(String.UnicodeScalarView(scalars))
        let isWhole = bytes.count <= longest * 4 && decoded.unicodeScalars.count <= longest
        return text.printable(cut) + (isWhole ? "" : "…")
    }
}

/// The first differences that the workers of this process met: of those that are failures, and of the others.
final class DifferenceList: Sendable {
    /// Of each, more than these are not kept.
    static let limit = 20

    private let first = Mutex<(failures: [Difference], others: [Difference])>(([], []))

    /// Takes what a chunk that was committed showed.
    func add(_ differences: [Difference]) {
        first.withLock { lists in
            for difference in differences {
                if difference.isFailure {
                    Self.add(difference, to: &lists.failures)
                } else {
                    Self.add(difference, to: &lists.others)
                }
            }
        }
    }

    /// The first ones: failures before the others, which take the room that those leave.
    var all: [Difference] {
        let (failures, others) = first.withLock { $0 }
        return failures + others.prefix(Self.limit - failures.count)
    }

    private static func add(_ difference: Difference, to list: inout [Difference]) {
        // A chunk whose commit failed is looked at again.
        guard list.count < limit, !list.contains(difference) else { return }
        list.append(difference)
    }
}
