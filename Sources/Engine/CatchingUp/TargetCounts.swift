import Ledger
import Postgres

/// Counts the rows that the targets of a stream have.
struct TargetCounts {
    let targets: [StreamTarget]
    /// The columns of each that hold the source's key.
    let parents: [[KeyColumn]]

    /// How many there are for source rows in a range.
    func rows(in range: KeyRange, _ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        let counts = zip(targets, parents).map { target, parent -> SQL in
            let range = ChunkQuery.condition(range, key: parent, alias: "t")
            return "(select count(*) from \(target.name) t where \(target.isOurs) and \(range))"
        }
        return try transaction.row("select \(SQL.joined(counts, separator: " + "))").int(0) ?? 0
    }

    /// How many there are for each of some source rows; those that have none are not among them.
    func rows(of keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) -> [Key: Int64] {
        if keys.isEmpty { return [:] }
        let each = zip(targets, parents).map { target, parent -> SQL in
            let columns = SQL.list(parent.map(\.name), of: "t")
            let printed = parent.map { "t.\($0.name.quoted)::text" }.joined(separator: ", ")
            return """
                select \(unsafe: printed), count(*) from \(target.name) t
                 where \(target.isOurs) and \(ChunkQuery.condition(keys, key: parent, alias: "t")) group by \(columns)
                """
        }
        var counts: [Key: Int64] = [:]
        let width = parents.first?.count ?? 0
        for row in try transaction.run(SQL.joined(each, separator: " union all ")).rows {
            counts[Key(row, columns: width), default: 0] += row.int(width) ?? 0
        }
        return counts
    }

    /// By how many those of source rows grew, some of which their chunk knew; nil where that cannot be told, because what such a row
    /// gave was gone before: with the row perhaps, by a foreign key.
    static func growth(
        from before: [Key: Int64], to after: [Key: Int64], ofNew new: [Key], ofKnown known: [Key]
    ) -> Int64? {
        if known.contains(where: { before[$0] == nil }) { return nil }
        return (new + known).reduce(0) { $0 + (after[$1] ?? 0) } - known.reduce(0) { $0 + (before[$1] ?? 0) }
    }
}
