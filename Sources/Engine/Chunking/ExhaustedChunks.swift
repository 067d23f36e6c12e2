import Ledger
import Postgres
import Transforms

/// What is done with chunks that cannot be done as a whole: they are halved, down to the one row that is at fault.
struct ExhaustedChunks {
    let ledger: Ledger
    let stage: ChunkedStage
    let source: KeyedTable
    /// Whether rows are only looked at: one that cannot be is wrong then, and no reject.
    let isVerification: Bool

    /// Halves a chunk that ended its workers too often, or rejects its only row without reading it. The chunk must be
    /// locked.
    func settle(_ n: Int64, _ range: KeyRange, _ transaction: borrowing Transaction) throws {
        let rows = try count(range, transaction)
        if let middle = rows.middle, rows.total > 1 {
            try ledger.split(n, of: stage, at: middle, transaction)
        } else {
            try reject(
                rows.middle, n, range, code: .crashedWorker,
                message:
                    "\(Ledger.attempts) attempts to migrate this row alone ended their worker; it was not read again",
                transaction)
        }
    }

    /// Halves a chunk that took too long; its only row is rejected at the last chance, and false said before. The chunk
    /// must be locked.
    func settleSlow(_ claim: Claim, isLastChance: Bool, _ transaction: borrowing Transaction) throws -> Bool {
        let rows = try count(claim.range, transaction)
        if let middle = rows.middle, rows.total > 1 {
            try ledger.split(claim.n, of: stage, at: middle, transaction)
            return true
        }
        guard isLastChance else { return false }
        try reject(
            rows.middle, claim.n, claim.range, code: .tooSlow,
            message: "\(Ledger.attempts) attempts to migrate this row alone ran into the statement timeout", transaction
        )
        return true
    }

    /// Halves a chunk of which the server cannot give, or will not change, every row, down to the row, which is rejected. The chunk must be
    /// locked.
    func settleUnworkable(
        _ claim: Claim, because fault: Unworkable, _ transaction: borrowing Transaction
    ) throws {
        let rows = try count(claim.range, transaction)
        if let middle = rows.middle, rows.total > 1 {
            try ledger.split(claim.n, of: stage, at: middle, transaction)
            return
        }
        let doing = fault.code == .refusedByServer ? "will not change" : "cannot give"
        try reject(
            rows.middle, claim.n, claim.range, code: fault.code,
            message: "the server \(doing) this row: \(fault.error.serverError?.message ?? "")", transaction)
    }

    private func reject(
        _ key: Key?, _ n: Int64, _ range: KeyRange, code: RejectCode, message: String,
        _ transaction: borrowing Transaction
    ) throws {
        var outcome = ChunkOutcome()
        let claim = Claim(n: n, range: range, attempt: Ledger.attempts)
        if let key, let seen = try look(at: key, transaction) {
            outcome.seen = seen
            outcome.seen.settle(isVerification ? .wrong : .rejected, at: 0)
            if isVerification {
                outcome.wrong = 1
            } else {
                outcome.rejected = 1
                let reject = RejectRecord(key: key, code: code.rawValue, place: "", message: message)
                try ledger.addRejects([reject], in: claim, of: stage, transaction)
            }
        }
        try ledger.finishChunk(claim, of: stage, with: outcome, endingAt: nil, transaction)
    }

    private func count(
        _ range: KeyRange, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (total: Int64, middle: Key?) {
        let keys = SQL.list(source.key.map(\.name))
        let condition = ChunkQuery.condition(range, key: source.key, alias: "s")
        let found = try transaction.run(
            """
            select etl_total, \(source.printedColumns(of: "numbered"))
              from (select \(keys), row_number() over (order by \(keys)) as etl_place, count(*) over () as etl_total
                      from \(source.name) s where \(condition)) numbered
             where etl_place = (etl_total + 1) / 2
            """)
        guard let row = found.first else { return (0, nil) }
        return (row.int(0) ?? 0, Key(row, from: 1, columns: source.key.count))
    }

    /// What a row looks like, its documents aside; nil when it is not there any more.
    private func look(at key: Key, _ transaction: borrowing Transaction) throws(PostgresError) -> SeenRows? {
        let condition = ChunkQuery.condition([key], key: source.key, alias: "source")
        guard let row = try KeyedRow.read(source, where: condition, transaction).first else { return nil }
        var seen = SeenRows()
        seen.append(keyHash: row.hash, xmin: row.xmin, mark: row.mark)
        return seen
    }
}
