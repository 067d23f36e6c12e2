import Engine
import JSON
import Postgres

/// A plan as an object for programs.
enum PlanJSON {
    static func object(_ report: PlanReport) -> JSONValue {
        .object([
            ("pipeline", .string(report.pipeline)), ("title", .string(report.title)),
            ("schema", .string(report.schema)), ("database", .string(report.server.database)),
            ("server_version", .string(report.server.version)), ("role", .string(report.server.role)),
            ("nothing_to_do", .bool(report.isDone)), ("ledger_unreadable", optional(report.ledgerClosed)),
            ("in_the_way", .array(report.refusals.map(refusal))), ("stages", .array(report.stages.map(stage))),
            ("tables", .array(report.tables.map(table))), ("samples", .array(report.samples.map(sample))),
            ("disk", disk(report.disk)),
            (
                "backup",
                report.backup.map { .object([("command", .string($0.command)), ("bytes", .int($0.bytes))]) } ?? .null
            ), ("locks", strings(report.locks)), ("grants", strings(report.grants)),
            ("notes", strings(report.notes)),
        ])
    }

    /// A source row and what it becomes.
    static func object(_ preview: RowPreview) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("stage", .string(preview.stage)), ("source", .string(preview.source.description)),
            ("targets", strings(preview.targets.map(\.description))), ("key", .string(preview.key)),
            ("reads", .array(preview.documents.map(value))),
        ]
        switch preview.fate {
        case .rows(let targets):
            let rows = targets.map { target in
                target.rows.map { row -> JSONValue in
                    .object([("table", .string(target.table.description)), ("values", .array(row.map(value)))])
                }
            }
            members.append(("rows", .array(rows.flatMap { $0 })))
        case .empty: members.append(("rows", .array([])))
        case .rejected(let code, let message):
            members.append(("reject", .object([("code", .string(code)), ("message", .string(message))])))
        }
        return .object(members + [("written_back", preview.writtenBack.map(value) ?? .null)])
    }

    private static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    private static func optional(_ number: Int64?) -> JSONValue { number.map(JSONValue.int) ?? .null }

    private static func strings(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

    private static func value(_ value: RowPreview.Value) -> JSONValue {
        .object([
            ("column", .string(value.column)), ("excerpt", optional(value.excerpt)), ("length", .int(value.length)),
        ])
    }

    private static func refusal(_ failure: Failure) -> JSONValue {
        .object([
            ("what", .string(failure.what)), ("details", strings(failure.details)), ("next", optional(failure.next)),
        ])
    }

    private static func stage(_ stage: PlannedStage) -> JSONValue {
        let (state, more): (String, JSONValue) =
            switch stage.state {
            case .done(let at): ("done", .string(at))
            case .skipped(let reason): ("skipped", .string(reason))
            case .begun: ("begun", .null)
            case .toDo: ("to-do", .null)
            case .optional: ("optional", .null)
            }
        let chunks = stage.chunks.map { plan in
            JSONValue.object([
                ("table", .string(plan.table.description)), ("rows", optional(plan.rows)),
                ("estimated", .bool(plan.isEstimated)),
                ("rows_each", .int(plan.rowsEach)), ("count", optional(plan.count)), ("done", .int(plan.done)),
            ])
        }
        return .object([
            ("name", .string(stage.name)), ("kind", .string(stage.kind)), ("title", optional(stage.title)),
            ("state", .string(state)), ("state_detail", more), ("destructive", .bool(stage.isDestructive)),
            ("statements", .array(stage.statements.map(statement))), ("chunks", chunks ?? .null),
            ("notes", strings(stage.notes)), ("blocking", strings(stage.blocking)), ("going", strings(stage.going)),
            ("archive_bytes", optional(stage.archiveBytes)), ("grants", strings(stage.grants)),
        ])
    }

    private static func statement(_ statement: PlannedStatement) -> JSONValue {
        let locks = statement.locks.map { locks in
            JSONValue.array(
                locks.map { lock in
                    .object([
                        ("table", .string(lock.table.description)), ("mode", .string(lock.mode.rawValue)),
                        ("while", .string(lock.extent.rawValue)),
                    ])
                })
        }
        return .object([
            ("sql", .string(statement.text)), ("place", optional(statement.place)), ("locks", locks ?? .null),
            ("own_transaction", .bool(statement.isAlone)),
        ])
    }

    private static func table(_ size: TableSize) -> JSONValue {
        let (known, analyzed): (String, String?) =
            switch size.rows {
            case .counted: ("counted", nil)
            case .estimated(_, let analyzed): ("estimated", analyzed)
            case .unknown: ("unknown", nil)
            }
        return .object([
            ("table", .string(size.table.description)), ("rows", optional(size.rowCount)), ("rows_are", .string(known)),
            ("analyzed", optional(analyzed)), ("changed_since", optional(size.changedSince)),
            ("heap_bytes", .int(size.heap)), ("table_bytes", .int(size.total)), ("index_bytes", .int(size.indexes)),
        ])
    }

    private static func sample(_ sample: SampleResult) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("stage", .string(sample.stage)), ("source", .string(sample.source.description)),
            ("targets", strings(sample.targets.map(\.description))),
        ]
        switch sample.outcome {
        case .impossible(let reasons): members.append(("impossible", strings(reasons)))
        case .tried(let tally):
            members += [
                ("rows", .int(tally.rows)), ("whole", .bool(tally.isWhole)), ("migrated", .int(tally.migrated)),
                ("empty", .int(tally.empty)), ("rejected", .int(tally.rejected)),
                ("target_rows", .array(tally.rowsOfTargets.map(JSONValue.int))),
                ("target_bytes", .array(tally.bytesOfTargets.map(JSONValue.int))),
                ("written_back", .int(tally.writtenBack)),
                ("document_bytes", .int(tally.documentBytes)), ("rejects", .array(tally.rejects.map(rejects))),
                (
                    "unmapped",
                    .array(tally.unmapped.map { .object([("name", .string($0.name)), ("count", .int($0.count))]) })
                ),
            ]
        }
        return .object(members)
    }

    private static func rejects(_ rejects: SampleResult.Rejects) -> JSONValue {
        let examples = rejects.examples.map {
            JSONValue.object([("key", .string($0.key)), ("message", .string($0.message))])
        }
        return .object([
            ("code", .string(rejects.code)), ("count", .int(rejects.count)), ("examples", .array(examples)),
        ])
    }

    private static func disk(_ need: DiskNeed) -> JSONValue {
        .object([
            ("needs", .array(need.items.map { .object([("what", .string($0.what)), ("bytes", .int($0.bytes))]) })),
            ("wal_bytes", .int(need.wal)), ("unknown", strings(need.unknown)), ("tablespace", .string(need.tablespace)),
            ("tablespace_bytes", optional(need.held)), ("database_bytes", .int(need.database)),
        ])
    }
}
