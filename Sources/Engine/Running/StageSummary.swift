public import Ledger
import Postgres

/// What a stage did in all, as the ledger has it.
public struct StageSummary: Sendable {
    /// The stage.
    public let name: String
    /// The kind of its work.
    public let kind: String
    /// How it stands: pending, running or done.
    public let state: String
    /// Whether it runs only when it is asked for.
    public let isOptional: Bool
    /// Why there was nothing to do, where there was nothing.
    public let skipped: String?
    /// When it was begun.
    public let startedAt: String?
    /// When it was done.
    public let finishedAt: String?
    /// The sums over its chunks; nil where it has none.
    public let rows: Rows?
    /// How it goes right now; nil unless somebody works through its chunks.
    public let progress: Progress?

    /// Whether it is a verification that found something wrong.
    public var hasFoundDifferences: Bool {
        guard kind == "verify", let rows else { return false }
        return rows.wrong > 0 || rows.extra > 0
    }

    /// Sums over chunks.
    public struct Rows: Sendable, Equatable {
        /// Source rows read.
        public let read: Int64
        /// Source rows whose rows are in the target; when verifying, and are as they should be.
        public let migrated: Int64
        /// Source rows that give no row.
        public let empty: Int64
        /// Source rows with an open or accepted reject.
        public let rejected: Int64
        /// Source rows that vanished after they were read.
        public let gone: Int64
        /// Of the migrated: those whose equal rows were there already.
        public let adopted: Int64
        /// Of the migrated: those whose rows were there already, differ, and were kept.
        public let kept: Int64
        /// When verifying: source rows that differ and changed since they were read.
        public let stale: Int64
        /// When verifying: source rows that differ and are as they were read.
        public let wrong: Int64
        /// When verifying: rows of the target that no source row gives.
        public let extra: Int64
        /// When verifying: covers that others have set.
        public let others: Int64
        /// Rows of the target that they gave.
        public let targetRows: Int64
        /// Source rows when the stage was planned.
        public let total: Int64?
        /// Chunks that are done.
        public let chunksDone: Int64
        /// Chunks in all.
        public let chunks: Int64
    }

    /// How a stage goes right now, by the server's clock.
    public struct Progress: Sendable, Equatable {
        /// Source rows a second over the last minute, or since those who work on it came; nil where none was done.
        public let rowsPerSecond: Double?
        /// Seconds to go at that pace; nil where it is not known.
        public let secondsLeft: Double?
        /// Seconds since a chunk was last done, or since those who work on it came.
        public let secondsSinceProgress: Double?
        /// How many chunks are being tried again, by the attempt they are at.
        public let retries: [Pace.Retries]
    }
}

extension StageSummary {
    /// Reads a stage of a run; how it goes is asked only where somebody is at work.
    init(
        _ record: StageRecord, of run: RunID, isWorkedOn: Bool, ledger: Ledger, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        name = record.name
        kind = record.kind
        state = record.state.rawValue
        isOptional = record.isOptional
        skipped = record.skipped
        startedAt = record.startedAt
        finishedAt = record.finishedAt
        let totals = try ledger.totals(of: record.name, in: run, transaction)
        let hasChunks = totals.chunks > 0
        rows = hasChunks ? Rows(totals, total: record.total) : nil
        guard hasChunks, isWorkedOn, record.state == .running else {
            progress = nil
            return
        }
        let pace = try ledger.pace(of: record.name, in: run, transaction)
        progress = Progress(pace, read: totals.read, total: record.total)
    }
}

extension StageSummary.Progress {
    init(_ pace: Pace, read: Int64, total: Int64?) {
        rowsPerSecond = pace.rowsPerSecond
        secondsSinceProgress = pace.secondsSinceProgress
        retries = pace.retries
        if let total, total > read, let rate = pace.rowsPerSecond {
            secondsLeft = Double(total - read) / rate
        } else {
            secondsLeft = nil
        }
    }
}

extension StageSummary.Rows {
    init(_ totals: Totals, total: Int64?) {
        self.init(
            read: totals.read, migrated: totals.migrated, empty: totals.empty, rejected: totals.rejected,
            gone: totals.gone, adopted: totals.adopted, kept: totals.kept, stale: totals.stale, wrong: totals.wrong,
            extra: totals.extra, others: totals.others, targetRows: totals.targetRows, total: total,
            chunksDone: totals.chunksDone, chunks: totals.chunks)
    }
}
