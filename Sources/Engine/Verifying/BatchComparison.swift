import Ledger
import Pipelines
import Postgres

/// Compares what a batch's statement made of rows with what it should be, by a query whose rows are a key, what is there, and
/// what should be.
struct BatchComparison {
    let statement: RangedStatement
    let source: KeyedTable
    let text: LedgerText

    /// Compares the rows that a condition on the alias `source` picks.
    func perform(
        where condition: SQL, _ worked: WorkedChunk, _ transaction: borrowing Transaction
    ) throws -> (outcome: ChunkOutcome, differences: [Difference]) {
        let rows = try KeyedRow.read(source, where: condition, transaction)
        let found = try statement.findings(where: condition, in: source.name.schema, transaction)
        var outcome = ChunkOutcome()
        var places: [String: Int] = [:]
        for (place, row) in rows.enumerated() {
            outcome.seen.append(keyHash: row.hash, xmin: row.xmin, mark: row.mark)
            places[row.key.description] = place
        }
        var fates = [RowFate](repeating: .migrated, count: rows.count)
        var differences: [Difference] = []
        for row in found {
            let key = row.text(0) ?? ""
            let place = places[key]
            let isStale = place.map { worked.rows[rows[$0].hash]?.xmin != rows[$0].xmin } ?? false
            if let place { fates[place] = isStale ? .stale : .wrong } else { outcome.extra += 1 }
            let (found, expected) = Difference.excerpts(row.bytes(1), row.bytes(2), text)
            differences.append(
                Difference(
                    kind: place == nil ? .extra : .different, isStale: isStale, table: source.name.description,
                    key: text.printable(key), place: "", found: found, expected: expected))
        }
        for (place, fate) in fates.enumerated() { outcome.seen.settle(fate, at: place) }
        outcome.stale = Int64(fates.count { $0 == .stale })
        outcome.wrong = Int64(fates.count { $0 == .wrong })
        outcome.migrated = Int64(fates.count { $0 == .migrated })
        return (outcome, differences)
    }
}

extension RangedStatement {
    /// What a query finds among the rows that a condition picks, in the schema that its names mean; where the query itself is
    /// at fault, the failure says where it stands.
    func findings(
        where condition: SQL, in schema: Identifier, _ transaction: borrowing Transaction
    ) throws -> [Row] {
        try run(sql(where: condition), in: schema, transaction)
    }

    /// Whether a query finds anything in the whole table; fails as `findings` does.
    func findsAny(in schema: Identifier, _ transaction: borrowing Transaction) throws -> Bool {
        let found = try run("select 1 from (\(sql(where: "true"))\n) as found limit 1", in: schema, transaction)
        return !found.isEmpty
    }

    private func run(_ sql: SQL, in schema: Identifier, _ transaction: borrowing Transaction) throws -> [Row] {
        try transaction.working(in: [schema], lock: 0) {
            do throws(PostgresError) {
                return try transaction.run(sql).rows
            } catch {
                if error.errorClass != .stop || error.endsSession { throw error }
                throw Failure(error, while: "\(name):\(line)")
            }
        }
    }
}
