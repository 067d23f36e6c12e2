import Ledger
import Postgres

/// The chunk of a stage that is open above. Where keys grow, all that is new comes into it, and what every part of it costs that is
/// moved again grows with the chunk: so it is divided above the last row that it knows.
struct GrownChunk {
    /// How many rows its parts get, where the operator does not say how large chunks are.
    private static let rows = ChunkSize.range.lowerBound

    private let stage: ChunkedStage
    private let source: KeyedTable
    private let rows: Int64

    init(_ stage: ChunkedStage, source: KeyedTable, limits: BatchLimits) {
        self.stage = stage
        self.source = source
        rows = limits.rows ?? Self.rows
    }

    /// Divides the chunk if it is the open one and twice as large as its parts. It is left as it is as long as it knows rows that are not
    /// there any more: nobody can say above which key these were.
    func divide(_ n: Int64, _ ledger: Ledger, _ transaction: borrowing Transaction) throws(PostgresError) {
        // Whoever drops a column locks the table first, and then chunks.
        try transaction.run("lock table \(source.name) in access share mode")
        guard let chunk = try ledger.lockDoneChunk(n, of: stage, transaction), chunk.range.upper == nil else { return }
        let bounds = try bounds(in: chunk, transaction)
        if !bounds.isEmpty { try ledger.divide(n, of: stage, at: bounds, transaction) }
    }

    private func bounds(in chunk: DoneChunk, _ transaction: borrowing Transaction) throws(PostgresError) -> [Key] {
        let isKnown: SQL = "\(source.keyHash(of: "source")) = any (\(.intArray(chunk.rows.map(\.keyHash))))"
        let range = ChunkQuery.condition(chunk.range, key: source.key, alias: "source")
        let count = try transaction.row(
            "select count(*), count(*) filter (where \(isKnown)) from \(source.name) source where \(range)")
        guard let all = count.int(0), let known = count.int(1), all > 2 * rows,
            known == chunk.rows.count || Mutant.is(.divideInSpiteOfVanishedRows)
        else { return [] }
        let descending = SQL(unsafe: source.key.map { "source.\($0.name.quoted) desc" }.joined(separator: ", "))
        let last = try transaction.run(
            """
            select \(source.printedColumns(of: "source")) from \(source.name) source
             where \(range) and \(isKnown) order by \(descending) limit 1
            """
        ).first.map(key)
        let above = ChunkQuery.condition(
            KeyRange(above: last ?? chunk.range.lower, through: nil), key: source.key, alias: "source")
        let isTail = try transaction.row("select exists (select from \(source.name) source where \(above))").bool(0)
        if !isTail { return [] }
        let keys = SQL.list(source.columns, of: "source")
        // The last part is open again, and has a row at least.
        let found = try transaction.run(
            """
            select \(source.printedColumns(of: "source"))
              from (select \(keys), row_number() over (order by \(keys)) as place, count(*) over () as total
                      from \(source.name) source where \(above)) source
             where place % \(.int(rows)) = 0 and place < total order by place
            """
        ).rows.map(key)
        return last.map { [$0] + found } ?? found
    }

    private func key(_ row: Row) -> Key { Key(row, columns: source.key.count) }
}
