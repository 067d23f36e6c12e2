import Ledger
import Pipelines
import Postgres

/// What is to be taken back of a run, in order.
struct UndoPlan {
    /// One stage's part of it.
    enum Step {
        /// It moved nothing.
        case forget(String)
        /// Columns come back from their archive.
        case restore(String)
        /// Rows and values that a stream wrote to tables that stay.
        case takeBackRows(String, Pipelines.Stream)
        /// Values that a batch wrote to a table that stays.
        case takeBackValues(String, SQLBatch, by: RangedStatement)
        /// Objects are removed; with their tables and columns goes what these stages wrote.
        case remove(String, along: [String])
    }

    let run: RunID
    let steps: [Step]
    let created: CreatedObjects
    /// The stages that are begun or done.
    let begun: [StageRecord]
    /// Those streams whose rows go with their table.
    let goingAlong: Set<String>

    /// Reads what is there; an empty plan where nothing is.
    init(_ request: UndoRequest, of run: RunID, _ ledger: Ledger, _ transaction: borrowing Transaction) throws {
        self.run = run
        let records = try ledger.stages(of: run, transaction)
        let created = try CreatedObjects(of: run, stages: records, ledger, transaction)
        self.created = created
        // Keys that were built before their stage's turn are a pending stage's, and so is a copy made before a drop.
        begun = records.filter { record in
            record.state != .pending || record.archive != nil || !(created.records[record.name] ?? []).isEmpty
        }
        let streams = Self.streams(of: request.pipeline)
        let moved = begun.filter { $0.skipped == nil && $0.sourceOID != nil }.map(\.name)
        let goingAlong = Self.goingAlong(request, moved: Set(moved), created)
        var steps: [Step] = []
        for record in Self.order(begun) {
            switch record.kind {
            case "retire": steps.append(.restore(record.name))
            case "stream":
                guard let stream = streams[record.name], moved.contains(record.name) else {
                    steps.append(.forget(record.name))
                    continue
                }
                if !goingAlong.contains(record.name) { steps.append(.takeBackRows(record.name, stream)) }
            case "batch":
                if !Self.goesAlong(record, request, created) { steps.append(Self.step(for: record, request)) }
            case "sql":
                let tables = (created.records[record.name] ?? []).compactMap { text -> QualifiedName? in
                    if case .table(let name) = CreatedObject(text) { name } else { nil }
                }
                let along = goingAlong.filter { name in
                    streams[name]?.targets.contains { target in
                        tables.contains(QualifiedName(schema: request.schema, name: target.table))
                    } ?? false
                }
                let batches = begun.filter { other in
                    Self.goesAlong(other, request, created)
                        && Self.batch(of: other, request).flatMap { created.firstMaker(of: $0.table) } == record.name
                }
                steps.append(.remove(record.name, along: along.sorted() + batches.map(\.name)))
            case "constraints": steps.append(.remove(record.name, along: []))
            default: steps.append(.forget(record.name))
            }
        }
        self.steps = steps
        self.goingAlong = goingAlong
    }

    /// The tables, and the columns of other tables, that are removed with all that is in them: nothing of it is taken back
    /// row by row before.
    func removedWhole(in schema: Identifier) -> [CreatedObject] {
        var tables = Set(created.tables)
        var columns = Set(created.columns.map { CreatedObject.column($0.column, of: $0.table) })
        for case .takeBackRows(_, let stream) in steps {
            for target in stream.targets { tables.remove(QualifiedName(schema: schema, name: target.table)) }
            guard let column = stream.writeBack else { continue }
            columns.remove(.column(column, of: QualifiedName(schema: schema, name: stream.source.table)))
        }
        return tables.map { CreatedObject.table($0) } + columns
    }

    /// What a batch wrote to columns that stay is taken back, where it is known how.
    private static func step(for record: StageRecord, _ request: UndoRequest) -> Step {
        guard record.sourceOID != nil, let batch = batch(of: record, request)?.batch, let undo = batch.undo else {
            return .forget(record.name)
        }
        return .takeBackValues(record.name, batch, by: undo)
    }

    /// Whether what a batch wrote goes with the columns that the run added to its table. Until it does, the batch stays in the
    /// ledger: nothing else says whose values they are.
    private static func goesAlong(_ record: StageRecord, _ request: UndoRequest, _ created: CreatedObjects) -> Bool {
        batch(of: record, request).map { created.holdsPart(of: $0.table) } ?? false
    }

    private static func batch(
        of record: StageRecord, _ request: UndoRequest
    ) -> (batch: SQLBatch, table: QualifiedName)? {
        for stage in request.pipeline.stages where stage.name == record.name {
            if case .batch(let batch) = stage.work {
                return (batch, QualifiedName(schema: request.schema, name: batch.table))
            }
        }
        return nil
    }

    /// The last stage first. Rows are taken back while the indexes are there by which they are found.
    private static func order(_ stages: [StageRecord]) -> [StageRecord] {
        var ordered: [StageRecord] = []
        var waiting: [StageRecord] = []
        for stage in stages.reversed() {
            if stage.kind == "constraints" {
                waiting.append(stage)
                continue
            }
            if !["stream", "batch"].contains(stage.kind) {
                ordered += waiting
                waiting = []
            }
            ordered.append(stage)
        }
        return ordered + waiting
    }

    private static func streams(of pipeline: Pipeline) -> [String: Pipelines.Stream] {
        var streams: [String: Pipelines.Stream] = [:]
        for stage in pipeline.stages { if case .stream(let stream) = stage.work { streams[stage.name] = stream } }
        return streams
    }

    /// The streams whose rows go with their tables. Those of one behind another that is taken back row by row go before: the
    /// other may have written what they were made from.
    private static func goingAlong(
        _ request: UndoRequest, moved: Set<String>, _ created: CreatedObjects
    ) -> Set<String> {
        let streams = request.pipeline.stages.compactMap { stage -> (name: String, stream: Pipelines.Stream)? in
            guard case .stream(let stream) = stage.work, moved.contains(stage.name) else { return nil }
            return (stage.name, stream)
        }
        return Set(streams.prefix { goesAlong($0.stream, created, in: request.schema) }.map(\.name))
    }

    /// Whether all that a stream wrote goes away with objects that the run created.
    private static func goesAlong(
        _ stream: Pipelines.Stream, _ created: CreatedObjects, in schema: Identifier
    ) -> Bool {
        let targets = stream.targets.map { QualifiedName(schema: schema, name: $0.table) }
        guard targets.allSatisfy(created.tables.contains) else { return false }
        guard let column = stream.writeBack else { return true }
        return created.holds(column, of: QualifiedName(schema: schema, name: stream.source.table))
    }
}
