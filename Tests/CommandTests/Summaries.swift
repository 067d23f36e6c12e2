import Postgres

@testable import Engine
@testable import Ledger

/// Runs as the ledger might tell them.
extension RunSummary {
    static func made(
        pipeline: String = "p", state: String = "running", isAskedToStop: Bool = false, finishedAt: String? = nil,
        end: RunEnd? = nil, lastSign: LastSign? = nil, stages: [StageSummary] = [],
        rejects: [(code: String, count: Int64)] = [], accepted: [(code: String, count: Int64)] = [],
        unmapped: [UnmappedKey] = [], kept: [KeptColumns] = [], workers: [Worker] = []
    ) -> RunSummary {
        RunSummary(
            run: 7, pipeline: pipeline, schema: "public", state: state, isAskedToStop: isAskedToStop,
            startedAt: "2026-11-21 07:00:00.123456+00", finishedAt: finishedAt, end: end, lastSign: lastSign,
            stages: stages, openRejects: rejects.reduce(0) { $0 + $1.count }, rejectsByCode: rejects,
            acceptedByCode: accepted, unmapped: unmapped, kept: kept, workers: workers)
    }
}

extension RunSummary.Worker {
    static func made(pid: Int64 = 4711, workers: Int = 2) -> RunSummary.Worker {
        RunSummary.Worker(
            host: "db7", pid: pid, osUser: "alice", since: "2026-11-21 07:00:01.5+00", seconds: 723, workers: workers)
    }
}

extension StageSummary {
    static func made(
        _ name: String = "rows", kind: String = "stream", state: String = "running", isOptional: Bool = false,
        skipped: String? = nil, rows: Rows? = nil, progress: Progress? = nil
    ) -> StageSummary {
        StageSummary(
            name: name, kind: kind, state: state, isOptional: isOptional, skipped: skipped, startedAt: nil,
            finishedAt: nil, rows: rows, progress: progress)
    }
}

extension StageSummary.Rows {
    /// 1,000 rows of 4,000 by one chunk of four, unless said otherwise.
    static func made(
        migrated: Int64 = 900, empty: Int64 = 60, rejected: Int64 = 40, stale: Int64 = 0, wrong: Int64 = 0,
        extra: Int64 = 0, others: Int64 = 0, total: Int64? = 4000, chunksDone: Int64 = 1, chunks: Int64 = 4
    ) -> StageSummary.Rows {
        StageSummary.Rows(
            read: migrated + empty + rejected + stale + wrong, migrated: migrated, empty: empty, rejected: rejected,
            gone: 0, adopted: 0, kept: 0, stale: stale, wrong: wrong, extra: extra, others: others,
            targetRows: 2 * migrated, total: total, chunksDone: chunksDone, chunks: chunks)
    }
}

extension StageSummary.Progress {
    static func made(
        rowsPerSecond: Double? = nil, secondsSinceProgress: Double? = nil, retries: [Pace.Retries] = []
    ) -> StageSummary.Progress {
        StageSummary.Progress(
            Pace(rowsPerSecond: rowsPerSecond, secondsSinceProgress: secondsSinceProgress, retries: retries),
            read: 1000, total: 4000)
    }
}
