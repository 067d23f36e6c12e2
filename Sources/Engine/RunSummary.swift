import Ledger
import Postgres

/// What a stage did in all, as the ledger has it.
public struct StageSummary: Sendable {
    /// The stage.
    public let name: String
    /// The kind of its work.
    public let kind: String
    /// How it stands: pending, running or done.
    public let state: String
    /// The sums over its chunks; nil where it has none.
    public let rows: Rows?

    /// Sums over chunks.
    public struct Rows: Sendable, Equatable {
        /// Source rows read.
        public let read: Int64
        /// Source rows whose rows are in the target.
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
        /// Rows of the target that they gave.
        public let targetRows: Int64
        /// Source rows when the stage was planned.
        public let total: Int64?
        /// Chunks that are done.
        public let chunksDone: Int64
        /// Chunks in all.
        public let chunks: Int64
    }
}

/// A key of documents that nothing reads.
public struct UnmappedKey: Sendable, Equatable {
    /// The key, control characters escaped.
    public let name: String
    /// In how many documents it was met.
    public let count: Int64
}

/// How a run stands, read from the ledger and nothing else.
public struct RunSummary: Sendable {
    /// The run's number.
    public let run: Int64
    /// The pipeline.
    public let pipeline: String
    /// The schema whose tables it works on.
    public let schema: String
    /// running, stopped, failed or done.
    public let state: String
    /// When it was begun.
    public let startedAt: String
    /// When its last stage was done.
    public let finishedAt: String?
    /// The stages in order.
    public let stages: [StageSummary]
    /// How many rejects are open.
    public let openRejects: Int64
    /// How many rejects are open, by code.
    public let rejectsByCode: [(code: String, count: Int64)]
    /// Keys that nothing reads, the most frequent first.
    public let unmapped: [UnmappedKey]
    /// Who works on it now.
    public let workers: [Worker]

    /// Somebody who works on a run.
    public struct Worker: Sendable, Equatable {
        /// The machine.
        public let host: String
        /// The process on it.
        public let pid: Int64
        /// Since when.
        public let since: String
    }

    /// Reads a run from the ledger.
    init(_ run: Run, ledger: Ledger, _ transaction: borrowing Transaction) throws {
        self.run = run.id.value
        pipeline = run.pipeline
        schema = run.sourceSchema
        state = run.state.rawValue
        startedAt = run.startedAt
        finishedAt = run.finishedAt
        var stages: [StageSummary] = []
        for record in try ledger.stages(of: run.id, transaction) {
            let totals = try ledger.totals(of: record.name, in: run.id, transaction)
            stages.append(
                StageSummary(
                    name: record.name, kind: record.kind, state: record.state.rawValue,
                    rows: totals.chunks > 0 ? StageSummary.Rows(totals, total: record.total) : nil))
        }
        self.stages = stages
        openRejects = try ledger.openRejectCount(of: run.id, transaction)
        rejectsByCode = try ledger.openRejectCodes(of: run.id, transaction)
        unmapped = try ledger.unmapped(of: run.id, transaction).map { UnmappedKey(name: $0.name, count: $0.count) }
        workers = try ledger.livingWorkers(of: run.id, transaction)
            .filter { $0.number == 0 }
            .map { Worker(host: $0.host, pid: $0.pid, since: $0.since) }
    }
}

extension StageSummary.Rows {
    init(_ totals: Totals, total: Int64?) {
        self.init(
            read: totals.read, migrated: totals.migrated, empty: totals.empty, rejected: totals.rejected,
            gone: totals.gone, adopted: totals.adopted, kept: totals.kept, targetRows: totals.targetRows, total: total,
            chunksDone: totals.chunksDone, chunks: totals.chunks)
    }
}
