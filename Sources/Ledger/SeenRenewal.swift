public import Postgres

/// A row that we wrote to ourselves: what it looked like before, and since.
public struct RenewedRow: Sendable, Equatable {
    /// A 64-bit hash of its key.
    public let keyHash: Int64
    /// Which transaction wrote it before.
    public let oldXmin: UInt32
    /// The hash of key and `xmin` before.
    public let oldMark: Int64
    /// Which transaction wrote it last.
    public let xmin: UInt32
    /// The hash of key and `xmin` since.
    public let mark: Int64

    /// A row before and since.
    public init(keyHash: Int64, oldXmin: UInt32, oldMark: Int64, xmin: UInt32, mark: Int64) {
        self.keyHash = keyHash
        self.oldXmin = oldXmin
        self.oldMark = oldMark
        self.xmin = xmin
        self.mark = mark
    }
}

extension Ledger {
    /// Lets the other stages that read a table know which of its rows a stage of ours wrote to: for them nothing changed.
    ///
    /// Only rows that are to those stages as they were before are renewed; what somebody else changed stays changed.
    /// The rows are all in some of the ranges. `keyTypes` are the types of the table's key with their collations, to compare
    /// ranges in.
    public func renewSeen(
        of table: Int64, _ rows: [RenewedRow], in ranges: [KeyRange], keyTypes: [String], except own: ChunkedStage,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        if rows.isEmpty || ranges.isEmpty || Mutant.is(.renewNothing) { return }
        let renewed = Dictionary(rows.map { ($0.keyHash, $0) }) { first, _ in first }
        let overlap = SQL.joined(ranges.map { "(\(Self.overlap($0, keyTypes)))" }, separator: " or ")
        let found = try transaction.run(
            """
            select c.run_id, c.stage, c.n, \(StoredRows.columns)
              from chunks c join stages s on s.run_id = c.run_id and s.name = c.stage
             where case when s.source_oid = \(.int(table))::oid and s.kind <> 'verify' and c.state = 'done'
                             and (c.run_id, c.stage) <> (\(.int(own.run.value)), \(.text(own.name)))
                        -- Keys of other tables are of other types, and must not be read as this one's.
                        then \(overlap) else false end
             order by c.run_id, c.stage, c.n for update of c
            """)
        for chunk in found.rows {
            var seen = StoredRows.rows(in: chunk, from: 3)
            var (sum, isRenewed): (Int128, Bool) = (0, false)
            for index in seen.indices {
                guard let row = renewed[seen[index].keyHash], row.oldXmin == seen[index].xmin else { continue }
                seen[index].xmin = row.xmin
                sum += Int128(row.mark) - Int128(row.oldMark)
                isRenewed = true
            }
            if !isRenewed { continue }
            try transaction.changeOne(
                """
                update chunks set \(StoredRows(seen).assignments),
                       seen_sum = seen_sum + \(.text(String(sum)))::numeric
                 where run_id = \(.int(chunk.int(0))) and stage = \(.text(chunk.text(1))) and n = \(.int(chunk.int(2)))
                """)
        }
    }

    /// Whether the bounds of a stage's chunks lie in the order of the key that the table has now.
    public func boundsAreInOrder(
        of stage: ChunkedStage, keyTypes: [String], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        let (lower, upper) = (Self.bound("lower", keyTypes), Self.bound("upper", keyTypes))
        return try transaction.row(
            """
            select not exists (select from chunks c where \(stage.rows) and lower is not null and upper is not null
                                  and (\(lower)) > (\(upper)))
            """
        ).bool(0)
    }

    /// A bound of the chunk `c` as a key of some types.
    private static func bound(_ name: String, _ types: [String]) -> SQL {
        SQL(unsafe: types.enumerated().map { "(c.\(name))[\($0 + 1)]::\($1)" }.joined(separator: ", "))
    }

    /// Whether the range of the chunk `c` and another one have keys in common.
    static func overlap(_ range: KeyRange, _ types: [String]) -> SQL {
        func chunk(_ bound: String) -> SQL { Self.bound(bound, types) }
        func given(_ key: Key) -> SQL {
            SQL.joined(
                zip(key.parts, types).map { part, type -> SQL in "\(.bytesOfText(part))::\(unsafe: type)" },
                separator: ", ")
        }
        var conditions: [SQL] = ["true"]
        if let upper = range.upper {
            conditions.append("(c.lower is null or (\(chunk("lower"))) < (\(given(upper))))")
        }
        if let lower = range.lower {
            conditions.append("(c.upper is null or (\(chunk("upper"))) > (\(given(lower))))")
        }
        return SQL.joined(conditions, separator: " and ")
    }
}
