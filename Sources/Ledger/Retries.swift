public import Postgres

/// What trying a rejected row again changes in the counts of its chunk.
public struct RetryOutcome: Sendable {
    /// What became of the row.
    public enum Fate: Sendable {
        /// Its rows are in the target now.
        case migrated(rows: Int64)
        /// It gives no row now.
        case empty
        /// It is not there any more.
        case gone
        /// It is rejected again.
        case rejected(RejectRecord)
    }

    /// What became of the row.
    public let fate: Fate
    /// What was seen of it; nil where it is gone.
    public let seen: SeenRows.Entry?
    /// Its keys that nothing reads.
    public let unmapped: [[UInt8]]

    /// An outcome.
    public init(_ fate: Fate, seen: SeenRows.Entry?, unmapped: [[UInt8]]) {
        self.fate = fate
        self.seen = seen
        self.unmapped = unmapped
    }
}

extension Ledger {
    /// Locks open and accepted rejects of a stage in the order in which they were recorded, after a given one.
    public func lockOpenRejects(
        of stage: ChunkedStage, after last: Int64, limit: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [OpenReject] {
        try readRejects(
            of: stage, "state <> 'resolved' and id > \(.int(last)) order by id limit \(.int(limit)) for update",
            transaction)
    }

    /// Records what came of trying a reject again: the reject, its chunk's counts, and what was seen.
    public func settle(
        _ reject: OpenReject, as outcome: RetryOutcome, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        switch outcome.fate {
        case .rejected(let record):
            try transaction.changeOne(
                """
                update rejects set code = \(.text(record.code)), place = \(.text(record.place)),
                       message = \(.text(record.message)), rejected_at = clock_timestamp()
                 where id = \(.int(reject.id))
                """)
        case .migrated(let rows): try resolve(reject, of: stage, "migrated", rows: rows, outcome.unmapped, transaction)
        case .empty: try resolve(reject, of: stage, "empty", rows: 0, outcome.unmapped, transaction)
        case .gone: try resolve(reject, of: stage, "gone", rows: 0, [], transaction)
        }
        if let seen = outcome.seen { try renew(seen, of: reject, stage, transaction) }
    }

    private func resolve(
        _ reject: OpenReject, of stage: ChunkedStage, _ count: StaticString, rows: Int64, _ unmapped: [[UInt8]],
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            "update rejects set state = 'resolved', resolved_at = clock_timestamp() where id = \(.int(reject.id))")
        let column = Identifier(count)
        try transaction.changeOne(
            """
            update chunks set rejected = rejected - 1, \(column) = \(column) + 1,
                   target_rows = target_rows + \(.int(rows))
             where \(stage.rows) and n = \(.int(reject.chunk))
            """)
        if unmapped.isEmpty { return }
        try transaction.run(
            """
            insert into unmapped (run_id, stage, chunk, name, count)
            select \(.int(stage.run.value)), \(.text(stage.name)), \(.int(reject.chunk))::int, name, 1
              from unnest(\(.textArray(unmapped))) name
            """)
    }

    /// Puts what was seen now in the place of what was seen when the row was rejected.
    private func renew(
        _ entry: SeenRows.Entry, of reject: OpenReject, _ stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let chunk: SQL = "\(stage.rows) and n = \(.int(reject.chunk))"
        let row = try transaction.row("select encode(seen, 'hex') from chunks where \(chunk)")
        let entries = SeenRows.decode(hex: row.bytes(0) ?? [])
        guard let index = entries.firstIndex(where: { $0.hash == entry.keyHash }) else {
            throw .unexpectedAnswer("chunk \(reject.chunk) has not seen the row of reject \(reject.id)")
        }
        if entries[index].xmin != Int64(entry.xmin) {
            // What was accepted was another row.
            try transaction.run(
                "update rejects set state = 'open' where id = \(.int(reject.id)) and state = 'accepted'")
        }
        let size = Int64(SeenRows.entrySize)
        try transaction.changeOne(
            """
            update chunks
               set seen = overlay(seen placing \(.bytes(entry.bytes)) from \(.int(Int64(index) * size + 1))::int
                                  for \(.int(size))::int),
                   seen_sum = seen_sum + \(.int(entry.mark))
                            - hashtextextended(\(reject.record.key.printed) collate "C", \(.int(entries[index].xmin))),
                   written = case when \(.bool(entry.isWritten))
                                  then set_bit(written, \(.int(Int64(index))), 1) else written end
             where \(chunk)
            """)
    }
}

extension Key {
    /// The key as it is hashed: its text, or where it is composite the text of an array.
    var printed: SQL { parts.count == 1 ? "\(.bytesOfText(parts[0]))" : "\(.textArray(parts))::text" }
}
