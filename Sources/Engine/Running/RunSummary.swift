public import Ledger
import Postgres

/// A key of documents that nothing reads.
public struct UnmappedKey: Sendable, Equatable {
    /// The key, control characters escaped.
    public let name: String
    /// In how many documents it was met.
    public let count: Int64
    /// Whether an operator accepts to lose it.
    public let isAccepted: Bool
}

/// How a run stands, read from the ledger and nothing else.
public struct RunSummary: Sendable {
    /// The run's number.
    public let run: Int64
    /// The pipeline.
    public let pipeline: String
    /// The schema whose tables it works on.
    public let schema: String
    /// running, stopped, failed or done, as whoever worked on it last said; see `isInterrupted`.
    public let state: String
    /// Whether somebody asked it to stop.
    public let isAskedToStop: Bool
    /// When it was begun.
    public let startedAt: String
    /// When its last stage was done.
    public let finishedAt: String?
    /// How the last work on it ended; nil while it runs, and where none ever ended in order.
    public let end: RunEnd?
    /// The last that was heard of those who worked on it; nil unless it was interrupted.
    public let lastSign: LastSign?
    /// The stages in order.
    public let stages: [StageSummary]
    /// How many rejects are open.
    public let openRejects: Int64
    /// How many rejects are open, by code.
    public let rejectsByCode: [(code: String, count: Int64)]
    /// How many rejects an operator has accepted, by code.
    public let acceptedByCode: [(code: String, count: Int64)]
    /// Keys that nothing reads, the most frequent first.
    public let unmapped: [UnmappedKey]
    /// Columns that were dropped, and where they are kept.
    public let kept: [KeptColumns]
    /// Who works on it now.
    public let workers: [Worker]

    /// A process that works on a run.
    public struct Worker: Sendable, Equatable {
        /// The machine.
        public let host: String
        /// The process on it.
        public let pid: Int64
        /// The user of the process.
        public let osUser: String
        /// Since when.
        public let since: String
        /// For how many seconds, by the server's clock.
        public let seconds: Double
        /// How many of its sessions work through chunks; none while its stage is not done in chunks.
        public let workers: Int
    }

    /// Whether every stage is done that is not optional, and none is half done.
    public var isComplete: Bool {
        !stages.isEmpty
            && stages.allSatisfy { stage in
                stage.state == StageState.done.rawValue
                    || (stage.isOptional && stage.state == StageState.pending.rawValue)
            }
    }

    /// Whether it was taken back, and nothing of it was begun since.
    public var isUndone: Bool {
        end?.act == Act.undone.rawValue && stages.allSatisfy { $0.state == StageState.pending.rawValue }
    }

    /// Whether it says that it runs while nobody works on it, and is not complete: it was killed, or lost its server for
    /// good. One that was killed after its last stage lacks nothing.
    public var isInterrupted: Bool { hasNoEnd && !isComplete }

    /// Whether it says that it runs while nobody works on it.
    public var hasNoEnd: Bool { state == RunState.running.rawValue && workers.isEmpty }
}

extension RunSummary {
    /// Reads a run from the ledger.
    init(_ run: Run, ledger: Ledger, _ transaction: borrowing Transaction) throws {
        self.run = run.id.value
        pipeline = run.pipeline
        schema = run.sourceSchema
        state = run.state.rawValue
        startedAt = run.startedAt
        finishedAt = run.finishedAt
        let workers = Worker.processes(of: try ledger.visibleWorkers(of: run.id, transaction))
        self.workers = workers
        isAskedToStop = run.stopRequested && !workers.isEmpty
        end = run.state == .running ? nil : try ledger.lastEnd(of: run.id, transaction)
        lastSign = workers.isEmpty && run.state == .running ? try ledger.lastSign(of: run.id, transaction) : nil
        stages = try ledger.stages(of: run.id, transaction).map { record throws(PostgresError) in
            try StageSummary(record, of: run.id, isWorkedOn: !workers.isEmpty, ledger: ledger, transaction)
        }
        openRejects = try ledger.openRejectCount(of: run.id, transaction)
        rejectsByCode = try ledger.openRejectCodes(of: run.id, transaction)
        acceptedByCode = try ledger.acceptedRejectCodes(of: run.id, transaction)
        unmapped = try ledger.unmapped(of: run.id, transaction).map {
            UnmappedKey(name: $0.name, count: $0.count, isAccepted: $0.isAccepted)
        }
        kept = try ledger.keptColumns(of: run.id, transaction)
    }
}

extension RunSummary.Worker {
    /// The processes that sessions belong to, in the order in which they came.
    static func processes(of sessions: [WorkerRecord]) -> [RunSummary.Worker] {
        struct Process: Hashable {
            let host: [UInt8]
            let pid: Int64
        }
        var order: [Process] = []
        var members: [Process: [WorkerRecord]] = [:]
        for session in sessions {
            let process = Process(host: Array(session.host.utf8), pid: session.pid)
            if members[process] == nil { order.append(process) }
            members[process, default: []].append(session)
        }
        return order.compactMap { process in
            let sessions = members[process] ?? []
            guard let eldest = sessions.max(by: { $0.seconds < $1.seconds }) else { return nil }
            return RunSummary.Worker(
                host: eldest.host, pid: eldest.pid, osUser: eldest.osUser, since: eldest.since, seconds: eldest.seconds,
                workers: sessions.count { $0.number > 0 })
        }
    }
}
