import Ledger
import Pipelines
import Postgres

/// Moves, verifies and archives again what changed in a table since it was archived, row by row: what that takes follows from
/// how much changed, not from how many chunks it is spread over.
///
/// The archive is brought up to date first, so that it never knows a row later than the chunks do, and whatever changes
/// meanwhile is found once more.
struct LateRenewal {
    /// Says what moves and what verifies the table's rows.
    let renewal: RetireRenewal
    /// The archive, which was filled before.
    let archive: Identifier
    /// What is older is dealt with.
    private var horizon: Horizon

    /// The stages that move the rows of a table, and the parts of the proof that read it.
    struct Works {
        var stages: [StageRenewal]
        let proofs: [VerifyRenewal]
    }

    /// How many rows are dealt with in one transaction at most: where foreign keys are, each keeps its source row locked.
    private static let rows = 250
    /// How many are held in memory at most.
    private static let most: Int64 = 50_000
    /// So many are for the lock.
    private static let few: Int64 = 50
    /// What we wrote back ourselves is found by the next pass; what is left after these is for the lock, too.
    private static let passes = 8

    /// `horizon` is from before the archive was filled.
    init(renewal: RetireRenewal, archive: Identifier, since horizon: Horizon) {
        self.renewal = renewal
        self.archive = archive
        self.horizon = horizon
    }

    private var context: StageContext { renewal.context }
    private var retirement: Retirement { renewal.retirement }
    private var site: Site { context.site }
    private var table: QualifiedName { context.table(retirement.table) }

    /// Deals with what changed while the table is in use, until that is little.
    mutating func follow() throws {
        var before = Int64.max
        for pass in 0..<Self.passes {
            try site.throwIfStopping()
            var (now, late, count, works) = try context.session.perform("looking for what changed in \(table)") {
                connection in
                try connection.transaction(site.looking) { transaction in
                    let now = try Horizon(transaction)
                    let (late, count) = try LateRow.find(
                        since: archive(transaction), behind: horizon, atMost: Self.most, transaction)
                    let works = count > Self.few ? try renewal.works(transaction) : Works(stages: [], proofs: [])
                    return (now, late, count, works)
                }
            }
            // Where as much is written as can be dealt with, more passes do not help.
            if count <= Self.few || (pass > 2 && count <= Self.most && count > before / 4 * 3) { return }
            before = count
            for slice in Self.slices(late) { try follow(slice, &works) }
            if count <= Self.most { horizon = now }
        }
    }

    private func follow(_ slice: ArraySlice<LateRow>, _ works: inout Works) throws {
        var verifying = site.moving
        verifying.isolation = .repeatableRead
        try context.session.perform("bringing over what changed in \(table)", locking: [table], waits: true) {
            connection in
            try connection.transaction(site.moving) { transaction in
                try site.noteStopRequest(of: context.run, transaction)
                try site.throwIfStopping()
                try archive(transaction).refresh(slice.map(\.key), transaction)
                for place in works.stages.indices { try works.stages[place].finish(slice, transaction) }
            }
            try connection.transaction(verifying) { transaction in
                for proof in works.proofs { _ = try proof.perform(slice, transaction) }
            }
        }
    }

    /// Deals with what is left under the table's lock; throws `TooMuch` before it begins, where that would take long. Says how
    /// many rows it were.
    func finish(_ transaction: borrowing Transaction) throws -> Int64 {
        let archive = try archive(transaction)
        let limit = context.request.maximumLockedRows
        let (late, count) = try LateRow.find(since: archive, behind: horizon, atMost: limit + 1, transaction)
        if count > limit, !Mutant.is(.lockTooManyRows) { throw RetireRenewal.TooMuch(rows: count) }
        var works = try renewal.works(transaction)
        for slice in Self.slices(late) {
            for place in works.stages.indices { try works.stages[place].finish(slice, transaction) }
            for proof in works.proofs { _ = try proof.perform(slice, transaction) }
            try archive.refresh(slice.map(\.key), transaction)
        }
        return count
    }

    private static func slices(_ late: [LateRow]) -> [ArraySlice<LateRow>] {
        stride(from: 0, to: late.count, by: rows).map { late[$0..<min($0 + rows, late.count)] }
    }

    private func archive(_ transaction: borrowing Transaction) throws -> ColumnArchive {
        ColumnArchive(
            columns: try RetiredColumns(retirement, schema: context.request.schema, transaction),
            name: QualifiedName(schema: site.ledger.schema, name: archive))
    }
}
