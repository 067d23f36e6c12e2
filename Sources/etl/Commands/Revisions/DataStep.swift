import Engine
import JSON
import Pipelines
import Postgres
import Revisions

/// The pipeline that is a revision's data step: how it stands, running it, taking it back. Revisions knows its name alone.
struct DataStep {
    let work: PipelineWork
    let pipeline: Pipeline
    let schema: Identifier

    init(_ name: String, _ work: PipelineWork) throws(CommandFailure) {
        self.work = work
        (pipeline, schema) = try work.load(name)
    }

    /// How far it has come.
    struct State {
        /// Nil where it was never begun, or was taken back whole.
        let summary: RunSummary?

        /// Whether all of it is done and was verified, and no row waits.
        var isDone: Bool { isComplete && openRejects == 0 }

        var isComplete: Bool { (summary?.isComplete ?? false) && !hasDifferences }

        var openRejects: Int64 { summary?.openRejects ?? 0 }

        private var hasDifferences: Bool { summary?.stages.contains(where: \.hasFoundDifferences) ?? false }

        /// Whether a verification was passed, of those that are not optional.
        var isVerified: Bool {
            guard let summary, !hasDifferences else { return false }
            return summary.stages.contains { $0.kind == "verify" && $0.state == "done" }
        }

        /// Rows that are done, of a hundred; nil where it has no rows to move yet.
        var percent: Int64? {
            let moved = (summary?.stages ?? []).filter { $0.kind == "stream" || $0.kind == "batch" }.compactMap(\.rows)
            let total = moved.compactMap(\.total).reduce(0, +)
            if summary?.isComplete ?? false { return 100 }
            guard total > 0 else { return moved.isEmpty ? nil : 0 }
            let done = moved.map { $0.migrated + $0.empty + $0.rejected + $0.gone }.reduce(0, +)
            return min(100, done * 100 / total)
        }

        /// In words, as in `data 63 %, not verified`.
        var text: String {
            guard summary != nil else { return "data not begun" }
            let share = percent.map { "data \($0) %" } ?? "data begun"
            let rejects = openRejects > 0 ? ", \(Quantity.counted(openRejects, "reject")) open" : ""
            return share + rejects + (isVerified ? ", verified" : ", not verified")
        }

        var json: JSONValue {
            .object([
                ("percent", percent.map(JSONValue.int) ?? .null), ("is_verified", .bool(isVerified)),
                ("open_rejects", .int(openRejects)), ("is_done", .bool(isDone)),
            ])
        }
    }

    /// How it stands; writes nothing.
    func state() throws -> State {
        let summary = try LedgerView(site: work.site()).summaryIfBegun(of: pipeline.name, on: schema)
        return State(summary: summary?.isUndone ?? true ? nil : summary)
    }

    /// Does what is not done of it yet.
    func run(_ interruption: Interruption) throws -> State {
        var request = RunRequest(pipeline: pipeline, schema: schema, limits: work.limits(WorkOptions()))
        request.dependents = work.dependents(of: pipeline.name)
        let result = try Runner(site: work.site(interruption), request: request).run()
        return State(summary: result.summary)
    }

    /// Takes it back, dropped columns first.
    func undo(_ interruption: Interruption, database: String?) throws {
        let request = UndoRequest(
            pipeline: pipeline, schema: schema, later: work.later(than: pipeline.name), database: database)
        _ = try Undo(site: work.site(interruption), request: request).perform()
    }
}
