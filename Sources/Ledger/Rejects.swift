public import Postgres

/// A source row that could not be migrated, and why.
public struct RejectRecord: Sendable, Equatable {
    /// The row's key.
    public let key: Key
    /// Why, in one word.
    public let code: String
    /// Where in the row.
    public let place: String
    /// Why, for people.
    public let message: String

    /// A reject.
    public init(key: Key, code: String, place: String, message: String) {
        self.key = key
        self.code = code
        self.place = place
        self.message = message
    }
}

/// An open reject as the ledger holds it.
public struct OpenReject: Sendable {
    /// Names the reject.
    public let id: Int64
    /// The stage.
    public let stage: String
    /// The chunk whose counts hold it.
    public let chunk: Int64
    /// What was rejected and why.
    public let record: RejectRecord
}

extension Ledger {
    /// Records rejects, in the transaction of their chunk.
    public func addRejects(
        _ rejects: [RejectRecord], in claim: Claim, of stage: ChunkedStage, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let rejects = Mutant.is(.forgetOneReject) ? Array(rejects.dropFirst()) : rejects
        if rejects.isEmpty { return }
        let keys = (0..<stage.keyColumns).map { column in
            SQL.joined([SQL("\(.textArray(rejects.map { $0.key.parts[column] }))")], separator: "")
        }
        let names = (0..<stage.keyColumns).map { "k\($0)" }.joined(separator: ", ")
        let key = stage.keyColumns == 1 ? "to_jsonb(k0)" : "jsonb_build_array(\(names))"
        try transaction.run(
            """
            insert into rejects (run_id, stage, chunk, key, code, place, message)
            select \(.int(stage.run.value)), \(.text(stage.name)), \(.int(claim.n))::int, \(unsafe: key),
                   code, place, message
              from unnest(\(SQL.joined(keys, separator: ", ")), \(texts(rejects.map(\.code))),
                          \(texts(rejects.map(\.place))), \(texts(rejects.map(\.message))))
                   as bad (\(unsafe: names), code, place, message)
            """)
    }

    private func texts(_ values: [String]) -> Parameter { .textArray(values.map { Array($0.utf8) }) }

    /// The open rejects of a stage in key order, from after `offset`.
    ///
    /// The order is that of the source's key, so `keyOrder` says how its printed columns become comparable.
    public func openRejects(
        of stage: ChunkedStage, keyOrder: SQL, limit: Int64, offset: Int64, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [OpenReject] {
        try readRejects(
            of: stage, "state = 'open' order by \(keyOrder) limit \(.int(limit)) offset \(.int(offset))", transaction)
    }

    /// Locks the open and accepted rejects that the counts of chunks hold; gives them by chunk.
    public func lockRejects(
        of stage: ChunkedStage, inChunks chunks: [Int64], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Int64: [OpenReject]] {
        let rejects = try readRejects(
            of: stage, "chunk = any (\(.intArray(chunks))) and state <> 'resolved' order by id for update", transaction)
        return Dictionary(grouping: rejects, by: \.chunk)
    }

    /// Notes that rejects are none any more.
    public func resolve(_ rejects: [Int64], _ transaction: borrowing Transaction) throws(PostgresError) {
        if rejects.isEmpty { return }
        try transaction.run(
            """
            update rejects set state = 'resolved', resolved_at = clock_timestamp()
             where id = any (\(.intArray(rejects)))
            """)
    }

    /// Says of a reject what is wrong with its row now; it is open again where that is another row than was accepted.
    public func reopen(
        _ reject: Int64, as record: RejectRecord, isAnother: Bool, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.changeOne(
            """
            update rejects set code = \(.text(record.code)), place = \(.text(record.place)),
                   message = \(.text(record.message)), rejected_at = clock_timestamp(),
                   state = case when \(.bool(isAnother)) then 'open' else state end
             where id = \(.int(reject))
            """)
    }

    func readRejects(
        of stage: ChunkedStage, _ which: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [OpenReject] {
        let parts = (0..<stage.keyColumns).map { stage.keyColumns == 1 ? "key #>> '{}'" : "key ->> \($0)" }
        let found = try transaction.run(
            """
            select id, stage, chunk, code, place, message, \(unsafe: parts.joined(separator: ", "))
              from rejects where \(stage.allRows) and \(which)
            """)
        return try found.rows.map { row throws(PostgresError) in
            guard let id = row.int(0), let chunk = row.int(2) else {
                throw .unexpectedAnswer("a reject that is not whole")
            }
            let key = Key(row, from: 6, columns: stage.keyColumns)
            let record = RejectRecord(
                key: key, code: row.text(3) ?? "", place: row.text(4) ?? "", message: row.text(5) ?? "")
            return OpenReject(id: id, stage: row.text(1) ?? "", chunk: chunk, record: record)
        }
    }

    /// How many rejects of a run are open.
    public func openRejectCount(of run: RunID, _ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        try transaction.row(
            "select count(*) from rejects where run_id = \(.int(run.value)) and state = 'open'"
        ).int(0) ?? 0
    }
}

extension Ledger {
    /// How many rejects of a run are open, by code, the most frequent first.
    public func openRejectCodes(
        of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(code: String, count: Int64)] {
        try rejectCodes(of: run, "open", transaction)
    }

    /// How many rejects of a run are accepted, by code, the most frequent first.
    public func acceptedRejectCodes(
        of run: RunID, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(code: String, count: Int64)] {
        try rejectCodes(of: run, "accepted", transaction)
    }

    private func rejectCodes(
        of run: RunID, _ state: String, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [(code: String, count: Int64)] {
        try transaction.run(
            """
            select code, count(*) from rejects where run_id = \(.int(run.value)) and state = \(.text(state))
             group by code order by count(*) desc, code
            """
        ).rows.map { ($0.text(0) ?? "", $0.int(1) ?? 0) }
    }
}
