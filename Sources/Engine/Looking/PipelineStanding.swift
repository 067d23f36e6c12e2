import Ledger
import Pipelines
import Postgres

/// How a pipeline stands on a schema, as far as the role may know it. Nothing is written to find out.
struct PipelineStanding {
    /// What of the ledger can be read.
    enum Book {
        /// There is none, so nothing was ever begun.
        case absent
        case open
        /// There is one, and the role may not read it.
        case closed(why: String)
    }

    let pipeline: Pipeline
    let book: Book
    let run: Run?
    let records: [StageRecord]
    let totals: [String: Totals]
    /// Why a run would be refused: all reasons at once.
    let refusals: [Failure]
    /// The pipeline that must be done first, and how it stands.
    let unmet: (pipeline: String, reason: String)?
    let living: [WorkerRecord]

    init(
        _ pipeline: Pipeline, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction
    ) throws {
        self.pipeline = pipeline
        var known = Known()
        switch try transaction.attempt({ try known.read(pipeline, on: schema, ledger, transaction) }) {
        case .success(let presence): book = presence == .absent ? .absent : .open
        case .failure(let error):
            known = Known()
            book = .closed(why: error.message)
        }
        run = known.run
        records = known.records
        totals = known.totals
        refusals = known.refusals
        unmet = known.unmet
        living = known.living
    }

    /// The stages that a run without options would do now.
    var toDo: [Stage] {
        let done = Set(records.filter { $0.state == .done }.map(\.name))
        // A goal without names cannot name what is not there.
        return (try? Plan(pipeline, done: done, goal: Goal()).steps) ?? []
    }

    /// What the ledger has on a stage; nil where it was never registered.
    func record(of stage: Stage) -> StageRecord? { records.first { $0.name == stage.name } }

    /// Whether a stage is at its end.
    func isDone(_ stage: Stage) -> Bool { record(of: stage)?.state == .done }

    /// Everything that the ledger says, while it is being read.
    private struct Known {
        var run: Run?
        var records: [StageRecord] = []
        var totals: [String: Totals] = [:]
        var refusals: [Failure] = []
        var unmet: (pipeline: String, reason: String)?
        var living: [WorkerRecord] = []

        mutating func read(
            _ pipeline: Pipeline, on schema: Identifier, _ ledger: Ledger, _ transaction: borrowing Transaction
        ) throws -> Ledger.Presence {
            let presence = try ledger.presence(transaction)
            try note { try LedgerGuard.admit(presence, ledger) }
            guard presence == .ours || presence == .absent else { return presence }
            if presence == .ours {
                let refusal = try Rivals.refusal(of: pipeline, on: schema, ledger, transaction) { "etl undo \($0)" }
                refusals += [refusal].compactMap(\.self)
            }
            unmet = try Needs.unmet(pipeline, on: schema, ledger, transaction)
            guard presence == .ours, let found = try ledger.run(of: pipeline.name, on: schema, transaction) else {
                return presence
            }
            run = found
            records = try ledger.stages(of: found.id, transaction)
            for record in records {
                totals[record.name] = try ledger.totals(of: record.name, in: found.id, transaction)
            }
            try note { try RunBinding.check(found, ledger, transaction) }
            try note { try StageChanges.refuse(in: pipeline, of: found.id, ledger, transaction) }
            living = try ledger.visibleWorkers(of: found.id, transaction)
            return presence
        }

        private mutating func note(_ check: () throws -> Void) throws {
            do { try check() } catch let failure as Failure { refusals.append(failure) }
        }
    }
}
