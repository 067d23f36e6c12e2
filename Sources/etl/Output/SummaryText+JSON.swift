import Engine
import JSON
import Ledger
import Postgres

extension SummaryText {
    /// How a run stands, for programs. The pace changes all the time; without it the same object means that nothing
    /// happened.
    static func json(_ summary: RunSummary, withPace: Bool = true) -> JSONValue {
        .object(members(summary, withPace: withPace))
    }

    /// The members of that object.
    static func members(_ summary: RunSummary, withPace: Bool) -> [(String, JSONValue)] {
        [
            ("run", .int(summary.run)), ("pipeline", .string(summary.pipeline)),
            ("schema", .string(summary.schema)), ("state", .string(state(summary))),
            ("stop_requested", .bool(summary.isAskedToStop)),
            ("started_at", .string(summary.startedAt)), ("finished_at", text(summary.finishedAt)),
            ("last_end", summary.end.map(json) ?? .null), ("last_sign_at", text(summary.lastSign?.at)),
            ("stages", .array(summary.stages.map { json($0, withPace: withPace) })),
            ("open_rejects", .int(summary.openRejects)), ("rejects", codes(summary.rejectsByCode)),
            ("accepted_rejects", codes(summary.acceptedByCode)),
            ("unmapped", .array(summary.unmapped.map(json))), ("dropped", .array(summary.kept.map(json))),
            ("workers", .array(summary.workers.map(json))),
        ]
    }

    private static func json(_ stage: StageSummary, withPace: Bool) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(stage.name)), ("kind", .string(stage.kind)), ("state", .string(stage.state)),
            ("optional", .bool(stage.isOptional)), ("skipped", text(stage.skipped)),
            ("started_at", text(stage.startedAt)), ("finished_at", text(stage.finishedAt)),
        ]
        if let rows = stage.rows { members += json(rows) }
        if let progress = stage.progress {
            members.append(("retries", .array(progress.retries.map(json))))
            if withPace {
                members += [
                    ("rows_per_second", number(progress.rowsPerSecond)), ("eta_seconds", number(progress.secondsLeft)),
                    ("seconds_since_progress", number(progress.secondsSinceProgress)),
                ]
            }
        }
        return .object(members)
    }

    private static func json(_ rows: StageSummary.Rows) -> [(String, JSONValue)] {
        [
            ("read", .int(rows.read)), ("migrated", .int(rows.migrated)), ("empty", .int(rows.empty)),
            ("rejected", .int(rows.rejected)), ("gone", .int(rows.gone)), ("adopted", .int(rows.adopted)),
            ("kept", .int(rows.kept)), ("stale", .int(rows.stale)), ("wrong", .int(rows.wrong)),
            ("extra", .int(rows.extra)), ("others", .int(rows.others)), ("target_rows", .int(rows.targetRows)),
            ("total", rows.total.map(JSONValue.int) ?? .null), ("chunks_done", .int(rows.chunksDone)),
            ("chunks", .int(rows.chunks)),
        ]
    }

    private static func json(_ retries: Pace.Retries) -> JSONValue {
        .object([("attempt", .int(retries.attempt)), ("chunks", .int(retries.chunks))])
    }

    private static func json(_ end: RunEnd) -> JSONValue {
        .object([
            ("act", .string(end.act)), ("at", .string(end.at)), ("detail", .string(end.detail)),
            ("host", .string(end.host)), ("pid", .int(end.pid)), ("user", .string(end.osUser)),
        ])
    }

    private static func json(_ key: UnmappedKey) -> JSONValue {
        .object([("name", .string(key.name)), ("count", .int(key.count)), ("accepted", .bool(key.isAccepted))])
    }

    private static func json(_ kept: KeptColumns) -> JSONValue {
        .object([
            ("stage", .string(kept.stage)), ("schema", .string(kept.table.schema.name)),
            ("table", .string(kept.table.name.name)), ("columns", .array(kept.columns.map(JSONValue.string))),
            ("rows", .int(kept.rows)), ("archive", text(kept.relation)), ("at", .string(kept.at)),
        ])
    }

    private static func json(_ worker: RunSummary.Worker) -> JSONValue {
        .object([
            ("host", .string(worker.host)), ("pid", .int(worker.pid)), ("since", .string(worker.since)),
            ("user", .string(worker.osUser)), ("workers", .int(Int64(worker.workers))),
        ])
    }

    private static func codes(_ codes: [(code: String, count: Int64)]) -> JSONValue {
        .object(codes.map { ($0.code, .int($0.count)) })
    }

    private static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

    private static func number(_ value: Double?) -> JSONValue { value.map(JSONValue.double) ?? .null }
}
