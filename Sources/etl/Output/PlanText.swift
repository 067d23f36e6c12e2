import Engine
import Postgres

/// A plan in lines for people. Pure.
struct PlanText {
    private let report: PlanReport
    /// Seconds that one try waits for a lock.
    private let lockTimeout: Double
    /// The pipeline's commands, as they must be typed to mean this database and these tables.
    private let command: (String) -> String

    init(_ report: PlanReport, lockTimeout: Double, command: @escaping (String) -> String) {
        self.report = report
        self.lockTimeout = lockTimeout
        self.command = command
    }

    /// All of it: the stages at a glance, then one by one, then what they work on and need.
    var lines: [String] {
        var lines = [
            "\(report.pipeline): \(report.title)",
            "database \(report.server.database), PostgreSQL \(report.server.version), schema \(report.schema), "
                + "role \(report.server.role)",
        ]
        if let why = report.ledgerClosed {
            lines.append("the ledger cannot be read (\(why)): all stages are told as if nothing were done")
        }
        for refusal in report.refusals {
            lines.append("in the way: \(refusal.what)" + (refusal.next.map { "; next: \($0)" } ?? ""))
            lines += refusal.details.map { "  " + $0 }
        }
        lines += section("stages", PlannedStageText.table(report.stages))
        for stage in report.stages where !stage.isOver {
            lines += section(
                "stage \(stage.name)",
                PlannedStageText(stage, report.tables, lockTimeout: lockTimeout, database: report.server.database).lines
            )
        }
        lines += section("tables", report.tables.map(TableText.line))
        for sample in report.samples {
            lines += section("sample for \(sample.stage)", SampleText.lines(sample, report.tables))
        }
        if !report.isDone { lines += section("disk, about", disk) }
        if let backup = report.backup, report.stages.contains(where: { !$0.isOver }) {
            lines += section(
                "back up first",
                [backup.command, "reads about \(Quantity.bytes(backup.bytes)); the file is compressed"])
        }
        lines += section("locks held or waited for now", report.locks)
        lines += section("privileges that the role lacks", report.grants.map { $0.contains(" -- ") ? $0 : $0 + ";" })
        lines += section("not looked at", report.notes)
        lines += [
            "", report.isDone ? "nothing is left to do" : "next: \(command("preflight")), then \(command("run"))",
        ]
        return lines.map(Printable.escaped)
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  " + $0 }
    }

    private var disk: [String] {
        let disk = report.disk
        var lines = disk.items.map { "\(Quantity.bytes($0.bytes))  \($0.what)" }
        lines.append("\(Quantity.bytes(disk.wal))  WAL, kept for a while")
        lines += disk.unknown.map { "not known: \($0)" }
        let held = disk.held.map { " holds \(Quantity.bytes($0)) now," } ?? ","
        lines.append(
            "tablespace \(disk.tablespace)\(held) this database \(Quantity.bytes(disk.database)); "
                + "how much is free the server does not tell: look there with df")
        return lines
    }
}

/// A table's size in one line.
enum TableText {
    static func line(_ size: TableSize) -> String {
        "\(size.table): \(rows(size)), \(Quantity.bytes(size.total)), indexes \(Quantity.bytes(size.indexes))"
    }

    private static func rows(_ size: TableSize) -> String {
        switch size.rows {
        case .counted(let rows): Quantity.counted(rows, "row")
        case .estimated(let rows, let analyzed):
            "about \(Quantity.counted(rows, "row")) (\(statistics(analyzed, size.changedSince)))"
        case .unknown: "never analyzed, so its rows are not known (analyze \(size.table.quoted))"
        }
    }

    private static func statistics(_ analyzed: String?, _ changed: Int64?) -> String {
        guard let analyzed else { return "statistics of unknown age" }
        let since = changed.flatMap { $0 > 0 ? ", \(Quantity.grouped($0)) written since" : nil } ?? ""
        return "statistics of \(analyzed)\(since)"
    }
}

/// What a sample gave, in lines.
enum SampleText {
    static func lines(_ sample: SampleResult, _ sizes: [TableSize]) -> [String] {
        switch sample.outcome {
        case .impossible(let reasons): return reasons.map { "not possible: \($0)" }
        case .tried(let tally): return lines(tally, sample, sizes.first { $0.table == sample.source })
        }
    }

    private static func lines(_ tally: SampleResult.Tally, _ sample: SampleResult, _ size: TableSize?) -> [String] {
        let all = size?.rowCount.map { " of about \(Quantity.grouped($0))" } ?? ""
        var lines = [
            tally.isWhole
                ? "all \(Quantity.counted(tally.rows, "row")) of \(sample.source), "
                    + "\(Quantity.bytes(tally.documentBytes)) of documents"
                : "\(Quantity.grouped(tally.rows))\(all) rows of \(sample.source), spread over the table, "
                    + "\(Quantity.bytes(tally.documentBytes)) of documents"
        ]
        let given = zip(sample.targets, tally.rowsOfTargets)
            .map { "\(Quantity.counted($1, "row")) of \($0)" }.joined(separator: " and ")
        lines.append(
            "\(Quantity.grouped(tally.migrated)) give \(given), "
                + "\(Quantity.grouped(tally.empty)) give none, \(Quantity.grouped(tally.rejected)) would be rejected")
        for rejects in tally.rejects {
            lines.append("rejects \(rejects.code): \(Quantity.grouped(rejects.count))")
            lines += rejects.examples.map { "  \($0.key): \($0.message)" }
        }
        if !tally.unmapped.isEmpty {
            let names = tally.unmapped.map { "\($0.name) \(Quantity.grouped($0.count))" }
            lines.append("keys that nothing reads (unmapped): \(names.joined(separator: ", "))")
        }
        return lines
    }
}
