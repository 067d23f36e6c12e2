import Ledger
import Postgres

/// Counts the rows that the targets of a stream have for chunks, before and after some of their source rows are moved again.
struct TargetCounts {
    private let targets: [StreamTarget]
    private let parents: [[KeyColumn]]
    private var keys: [Key] = []
    private var (before, after): ([Key: Int64], [Key: Int64]) = ([:], [:])

    /// `parents` are the columns of each target that hold the source's key.
    init(targets: [StreamTarget], parents: [[KeyColumn]]) {
        self.targets = targets
        self.parents = parents
    }

    /// Counts what there is for the source rows that are about to be moved or removed.
    mutating func begin(_ keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) {
        self.keys = keys
        before = try rows(of: keys, transaction)
    }

    /// Counts it once more, now that they were.
    mutating func finish(_ transaction: borrowing Transaction) throws(PostgresError) {
        after = try rows(of: keys, transaction)
    }

    /// How many rows a chunk stands for since some of its source rows were moved, which it `knew`, or which are `new` to it: told
    /// by what changed where that can be told, else by all of its range. It cannot where what a row had given was gone before:
    /// with the row perhaps, by a foreign key.
    func rows(
        of chunk: ChangedChunk, knew: [Key], new: [Key], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> ChunkRenewal.TargetRows {
        guard let vanished = chunk.changes.vanishedKeys else {
            return .are(try rows(in: chunk.chunk.range, transaction))
        }
        let known = vanished + knew
        if known.contains(where: { before[$0] == nil }) {
            return .are(try rows(in: chunk.chunk.range, transaction))
        }
        let there = (new + known).reduce(0) { $0 + (after[$1] ?? 0) }
        return .grew(by: there - known.reduce(0) { $0 + (before[$1] ?? 0) })
    }

    private func rows(in range: KeyRange, _ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        let counts = zip(targets, parents).map { target, parent -> SQL in
            let range = ChunkQuery.condition(range, key: parent, alias: "t")
            return "(select count(*) from \(target.name) t where \(target.isOurs) and \(range))"
        }
        return try transaction.row("select \(SQL.joined(counts, separator: " + "))").int(0) ?? 0
    }

    /// How many there are for each of some source rows; those that have none are not among them.
    private func rows(of keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) -> [Key: Int64] {
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
}
