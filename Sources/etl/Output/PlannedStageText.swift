import Engine
import Postgres

/// A planned stage in lines for people. Pure.
struct PlannedStageText {
    private let stage: PlannedStage
    private let sizes: [TableSize]
    private let lockTimeout: Double
    private let database: String

    init(_ stage: PlannedStage, _ sizes: [TableSize], lockTimeout: Double, database: String) {
        self.stage = stage
        self.sizes = sizes
        self.lockTimeout = lockTimeout
        self.database = database
    }

    /// Every stage in one line.
    static func table(_ stages: [PlannedStage]) -> [String] {
        let width = stages.map(\.name.count).max() ?? 0
        return stages.map { stage in
            let name = stage.name + String(repeating: " ", count: width - stage.name.count)
            return "\(name)  \(stage.kind): \(state(stage))"
        }
    }

    private static func state(_ stage: PlannedStage) -> String {
        let chunks = stage.chunks.map { ", " + Self.chunks($0) } ?? ""
        switch stage.state {
        case .done(let at): return "done \(at)"
        case .skipped(let reason): return "done, there was nothing to do: \(reason)"
        case .begun: return "begun, to be finished\(chunks)"
        case .toDo: return "to do\(chunks)"
        case .optional: return "optional" + (stage.isDestructive ? ", destroys data" : "") + chunks
        }
    }

    private static func chunks(_ plan: PlannedStage.ChunkPlan) -> String {
        guard let rows = plan.rows, let count = plan.count else { return "rows of \(plan.table) not known" }
        let done = plan.done > 0 ? ", \(Quantity.grouped(plan.done)) of them done" : ""
        let about = plan.isEstimated ? "about " : ""
        return "\(about)\(Quantity.counted(rows, "row")) of \(plan.table) in \(Quantity.counted(count, "chunk"))\(done)"
    }

    /// What it does, statement by statement, with the locks; what is in its way; what it needs.
    var lines: [String] {
        var lines = stage.title.map { [$0] } ?? []
        if case .optional = stage.state {
            let confirm = stage.isDestructive ? " --confirm \(ShellWord.quoted(database))" : ""
            lines.append("runs only when it is asked for: --with \(stage.name)\(confirm)")
        }
        lines += stage.notes
        if stage.kind == "sql" {
            lines.append("one transaction: what is locked stays locked until its end")
        }
        if stage.statements.contains(where: { $0.locks?.contains { $0.mode >= .shareUpdateExclusive } ?? true }) {
            lines.append(
                "a lock is waited for at most \(Quantity.seconds(lockTimeout)) at a time, tried for again, "
                    + "and who holds it is named")
        }
        for statement in stage.statements { lines += self.lines(of: statement) }
        if let bytes = stage.archiveBytes {
            lines.append("the archive takes about \(Quantity.bytes(bytes)), and as much WAL")
        }
        lines += stage.blocking.map { "in the way of the drop: \($0)" }
        lines += stage.going.map { "goes with it: \($0)" }
        if case .optional = stage.state { lines += stage.grants.map { "the role lacks: \($0)" } }
        return lines
    }

    private func lines(of statement: PlannedStatement) -> [String] {
        // What only reads is named: it can be long, and does nothing.
        if stage.kind == "check" || stage.kind == "verify" {
            return [statement.place.map { "reads: \($0)" } ?? statement.text]
        }
        var lines = [statement.place ?? "made by etl"]
        lines += statement.text.split(whereSeparator: \.isNewline).map { "    " + $0 }
        guard let locks = statement.locks else { return lines + ["  locks: not known, read it"] }
        return lines + locks.map { "  locks \($0.table): \($0.mode.rawValue) (\(waiting(for: $0))), \(time(of: $0))" }
    }

    private func waiting(for lock: LockUse) -> String {
        switch lock.mode {
        case .accessShare, .rowShare, .rowExclusive: "only DDL waits"
        case .shareUpdateExclusive: "only DDL and VACUUM wait"
        case .share, .shareRowExclusive, .exclusive: "who writes waits"
        case .accessExclusive: "everybody waits"
        }
    }

    private func time(of lock: LockUse) -> String {
        let rows = rows(of: lock.table)
        return switch lock.extent {
        case .moment: "for a moment"
        case .writesRows: "while rows are written"
        case .readsRows: "while \(rows) are read"
        case .buildsIndex: "while an index over \(rows) is built"
        case .rewrites: "while \(rows) and all indexes are written anew"
        case .rewritesIfVolatile:
            "for a moment; but while \(rows) are written anew where the default is volatile, as gen_random_uuid() is"
        }
    }

    private func rows(of table: QualifiedName) -> String {
        guard let size = sizes.first(where: { $0.table == table }) else { return "the rows that the run has written" }
        let rows = size.rowCount.map { "\(Quantity.counted($0, "row")), " } ?? ""
        return "\(rows)\(Quantity.bytes(size.total))"
    }
}
