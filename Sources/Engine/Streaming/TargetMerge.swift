import Ledger
import Postgres

/// Brings targets that have rows already to what the source gives, by difference: rows that are right stay untouched,
/// because rows of other tables hang on them.
struct TargetMerge {
    let tables: StreamTables
    let existing: ExistingRows
    /// Whether what rejected rows gave before is removed, too.
    var clearsRejected = false

    /// Which source rows had rows in the targets already.
    struct Found {
        /// Those with the same rows.
        var adopted: [Key] = []
        /// Those with other rows, which were kept.
        var kept: [Key] = []
        /// Those with other rows, which were replaced.
        var replaced: [Key] = []
        /// How many rows were not written, for others were kept.
        var unwritten: Int64 = 0

        /// All of them.
        var keys: [Key] { adopted + kept + replaced }

        static func + (one: Found, other: Found) -> Found {
            Found(
                adopted: one.adopted + other.adopted, kept: one.kept + other.kept,
                replaced: one.replaced + other.replaced, unwritten: one.unwritten + other.unwritten)
        }
    }

    /// Merges the rows that some source rows gave; says what was there already.
    func merge(
        _ rows: TargetRows, of items: ArraySlice<Batch.Item>, _ transaction: borrowing Transaction
    ) throws -> Found {
        let keys = items.compactMap { item -> Key? in
            if case .rejected = item.fate, !clearsRejected { nil } else { item.key }
        }
        let parts = tables.targets.indices.map { MergedTarget(tables: tables, place: $0) }
        for part in parts { try part.stage(rows[part.place], transaction) }
        let present = try union(parts) { try $0.present(of: keys, transaction) }
        let different =
            try Mutant.is(.adoptWhatDiffers) ? [] : union(parts) { try $0.differing(among: present, transaction) }
        if existing == .stop, !different.isEmpty { throw refusal(different) }
        let replaces = existing == .replace && !different.isEmpty && !Mutant.is(.keepInsteadOfReplace)
        if replaces { for part in parts.reversed() { try part.deleteVanished(of: different, transaction) } }
        for part in parts {
            if replaces { try part.replace(different, transaction) }
            try part.insert(except: present, transaction)
        }
        for part in parts { try part.link(except: existing == .keep ? different : [], transaction) }
        if existing == .replace { try expectReplaced(different, parts, transaction) }
        return try found(present, different, parts, transaction)
    }

    private func found(
        _ present: [Key], _ different: [Key], _ parts: [MergedTarget], _ transaction: borrowing Transaction
    ) throws -> Found {
        let others = Set(different)
        var found = Found(adopted: present.filter { !others.contains($0) })
        switch existing {
        case .stop: break
        case .replace: found.replaced = different
        case .keep:
            found.kept = different
            if different.isEmpty { break }
            for part in parts { found.unwritten += try part.count(of: different, transaction) }
        }
        return found
    }

    /// What the targets say of source rows, each of them once.
    private func union(_ parts: [MergedTarget], _ keys: (MergedTarget) throws -> [Key]) rethrows -> [Key] {
        var all = try parts.first.map(keys) ?? []
        for part in parts.dropFirst() {
            let known = Set(all)
            all += try keys(part).filter { !known.contains($0) }
        }
        return all
    }

    private func refusal(_ different: [Key]) -> Failure {
        let names = tables.targets.map(\.name.description).joined(separator: " or ")
        return Failure(
            .refused, "\(names) has rows already that differ from what \(tables.source.name) gives",
            details: ["first keys: " + different.prefix(5).map(\.description).joined(separator: "; ")],
            next: "look at them, then run again with --on-existing keep or --on-existing replace")
    }

    /// Replaced rows must be what was asked for, as with COPY.
    private func expectReplaced(
        _ replaced: [Key], _ parts: [MergedTarget], _ transaction: borrowing Transaction
    ) throws {
        if replaced.isEmpty { return }
        for part in parts {
            let different = try part.differing(among: replaced, transaction)
            guard !different.isEmpty else { continue }
            throw Failure(
                .failed, "rows of \(part.target.name) are not what was written: a trigger or a rule alters them",
                details: ["first keys: " + different.prefix(5).map(\.description).joined(separator: "; ")])
        }
    }
}
