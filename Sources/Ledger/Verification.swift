public import Postgres

/// What a chunk that is done saw, wrote and rejected, for whoever looks at its rows again.
public struct WorkedChunk: Sendable {
    /// The `xmin` of each row as it was seen, by the hash of its key.
    public let xmins: [Int64: Int64]
    /// The rows to which a value was written back, by the hash of their keys.
    public let written: Set<Int64>
    /// The keys that have an open or accepted reject.
    public let rejected: Set<Key>
}

extension Ledger {
    /// What a chunk saw, wrote and rejected.
    public func workedChunk(
        _ n: Int64, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> WorkedChunk {
        let row = try transaction.row(
            """
            select encode(seen, 'hex'), encode(written, 'hex') from chunks where \(stage.rows) and n = \(.int(n))
            """)
        let seen = SeenRows.decode(hex: row.bytes(0) ?? [])
        let bits = row.bytes(1) ?? []
        // Two digits a byte, the lowest bit first within each.
        func isWritten(_ index: Int) -> Bool {
            let digit = index / 8 * 2 + (index % 8 < 4 ? 1 : 0)
            guard digit < bits.count, let value = Character(UnicodeScalar(bits[digit])).hexDigitValue else {
                return false
            }
            return value >> (index % 4) & 1 == 1
        }
        let written = seen.indices.filter(isWritten).map { seen[$0].hash }
        let parts = (0..<stage.keyColumns).map { stage.keyColumns == 1 ? "key #>> '{}'" : "key ->> \($0)" }
        let rejected = try transaction.run(
            """
            select \(unsafe: parts.joined(separator: ", ")) from rejects
             where run_id = \(.int(stage.run.value)) and stage = \(.text(stage.name)) and chunk = \(.int(n))
               and state <> 'resolved'
            """)
        return WorkedChunk(
            xmins: Dictionary(seen.map { ($0.hash, $0.xmin) }) { _, last in last }, written: Set(written),
            rejected: Set(rejected.rows.map { row in Key((0..<stage.keyColumns).compactMap { row.bytes($0) }) }))
    }
}

extension Ledger {
    /// Notes how many rows a stage is about to look at.
    public func noteTotal(
        _ total: Int64, of stage: String, in run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update stages set total = \(.int(total)) where run_id = \(.int(run.value)) and name = \(.text(stage))
            """)
    }

    /// The ranges of the chunks of a stage that are done.
    public func doneRanges(
        of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(n: Int64, range: KeyRange)] {
        try transaction.run(
            "select n, \(stage.bounds) from chunks where \(stage.rows) and state = 'done' order by n"
        ).rows.map { row in (row.int(0) ?? 0, stage.range(in: row, from: 1)) }
    }
}
