import Ledger
import Postgres

/// Source rows that chunks know and that are not there any more. Where only some keys were looked at these are known by key;
/// else by hash alone, so that all of the chunk's range has to be looked through for what they gave.
struct VanishedRows {
    let keys: [Key]
    private let hashes: [(range: KeyRange, hashes: Set<Int64>)]

    init(_ parts: [ChangedChunk]) {
        areKnownByKey = parts.allSatisfy { $0.changes.vanishedKeys != nil }
        keys = parts.flatMap { $0.changes.vanishedKeys ?? [] }
        hashes = parts.filter { $0.changes.vanishedKeys == nil && !$0.changes.vanished.isEmpty }
            .map { ($0.chunk.range, $0.changes.vanished) }
    }

    /// Whether none is known by its hash alone.
    let areKnownByKey: Bool

    var isEmpty: Bool { keys.isEmpty && hashes.isEmpty }

    /// Picks the rows of a target, by the alias `t`, that they gave, and those of more keys. `parent` is the target's columns
    /// that hold the source's key.
    func condition(orOf more: [Key] = [], parent: [KeyColumn]) -> SQL {
        let printed = KeyedTable.printed(parent.map(\.name), of: "t")
        var conditions = hashes.map { range, hashes -> SQL in
            """
            (\(ChunkQuery.condition(range, key: parent, alias: "t"))
             and hashtextextended(\(unsafe: printed) collate "C", 0) = any (\(.intArray(hashes.sorted()))))
            """
        }
        let keys = keys + more
        if !keys.isEmpty { conditions.append(ChunkQuery.condition(keys, key: parent, alias: "t")) }
        return conditions.isEmpty ? "false" : "(\(SQL.joined(conditions, separator: " or ")))"
    }
}
