import Ledger
import Pipelines
import Postgres

/// Brings what was moved up to date with a source that is written to all the time: pass after pass over all stages, until
/// what is left is little.
struct CatchUp {
    /// A pass that found no more than this is the last one, unless it is the first: what it wrote itself may be a change to a
    /// stage that came before.
    private static let few: Int64 = 100
    /// How many passes are made at most.
    private static let passes = 10

    let site: Site
    let schema: Identifier
    let terms: RenewalTerms
    /// The session that leads this process's work.
    let session: Session
    /// The run that the work is done for; asked to stop, it stops.
    let run: RunID

    /// Catches up with what changed; says how much that was, by stage.
    func perform(_ stages: [MovedStage]) throws -> [CaughtUpStage] {
        var sums = stages.map { CaughtUpStage(pipeline: $0.pipeline, stage: $0.name, changes: SourceChanges()) }
        var last = Int64.max
        for pass in 1...Self.passes {
            var found: Int64 = 0
            for (index, stage) in stages.enumerated() {
                let changes = try self.pass(over: stage)
                sums[index].changes += changes
                found += changes.count
            }
            // Where writers keep up with us, another pass would find as much again.
            if found == 0 || Mutant.is(.catchUpOnce) || pass > 1 && (found <= Self.few || found > last / 2) { break }
            last = found
        }
        return sums
    }

    /// Goes through the chunks of a stage once.
    private func pass(over stage: MovedStage) throws -> SourceChanges {
        let what = "catching up stage \(stage.name) of \(stage.pipeline)"
        let lookup = try session.perform(what) { connection in
            try connection.transaction(site.looking) { transaction in
                try StageRenewal.find(stage, on: schema, terms, ledger: site.ledger, transaction)
            }
        }
        switch lookup {
        case .nothing(let reason):
            if let reason { site.reporter.report(.notice(reason)) }
            return SourceChanges()
        case .ready(var renewal):
            var sum = SourceChanges()
            let limit = RejectLimit(terms.maximumRejects, of: stage.pipeline)
            var handled: Set<Int64> = []
            // Once more as long as chunks come of it.
            while true {
                let chunks = try chunks(of: renewal.chunked, what).filter { !handled.contains($0.n) }
                if chunks.isEmpty { return sum }
                for (n, range) in chunks {
                    let changes = try self.chunk(n, isOpen: range.upper == nil, of: &renewal, what)
                    if !changes.isEmpty { try limit?.check(renewal.chunked.run, site, on: session) }
                    sum += changes
                    handled.insert(n)
                }
            }
        }
    }

    private func chunks(of stage: ChunkedStage, _ what: String) throws -> [(n: Int64, range: KeyRange)] {
        try session.perform(what) { connection in
            try connection.transaction(site.looking) { try site.ledger.doneRanges(of: stage, $0) }
        }
    }

    /// Moves what changed in a chunk, in as many transactions as it takes.
    private func chunk(
        _ n: Int64, isOpen: Bool, of renewal: inout StageRenewal, _ what: String
    ) throws -> SourceChanges {
        var sum = SourceChanges()
        var hasMore = true
        while hasMore {
            try site.throwIfStopping()
            let outcome = try part(of: n, isOpen: isOpen, &renewal, what)
            sum += outcome.changes
            hasMore = outcome.hasMore
        }
        return sum
    }

    /// One transaction; where the server refuses one of its rows, another one that finds out which.
    private func part(
        of n: Int64, isOpen: Bool, _ renewal: inout StageRenewal, _ what: String
    ) throws -> RenewalOutcome {
        func perform(carefully: Bool, _ renewal: inout StageRenewal) throws -> RenewalOutcome {
            try session.perform("\(what), chunk \(n)", locking: [renewal.source.name], waits: true) { connection in
                try connection.transaction(site.moving) { transaction in
                    try site.noteStopRequest(of: run, transaction)
                    if isOpen {
                        try GrownChunk(renewal.chunked, source: renewal.source, limits: terms.limits)
                            .divide(n, site.ledger, transaction)
                    }
                    return try renewal.perform(n, carefully: carefully, transaction)
                }
            }
        }
        do {
            return try perform(carefully: false, &renewal)
        } catch let error as PostgresError where error.errorClass == .row {
            return try perform(carefully: true, &renewal)
        }
    }
}

/// What a stage had to be caught up with.
public struct CaughtUpStage: Sendable, Equatable {
    /// The pipeline.
    public let pipeline: String
    /// The stage.
    public let stage: String
    /// Rows that came, changed or vanished, and were dealt with.
    public var changes: SourceChanges
}
