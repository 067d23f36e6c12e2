import Ledger
import Postgres

/// The statements that make dropped columns again.
struct RestoredColumns {
    let dropped: DroppedColumns
    /// The columns whose values come from the archive, and the names under which they are filled.
    let filled: [(column: DroppedColumn, hidden: Identifier)]
    /// The columns that are to refuse nulls again, and the names of the checks that vouch for them before.
    let checks: [(column: DroppedColumn, hidden: Identifier)]

    init(_ dropped: DroppedColumns, run: RunID) {
        self.dropped = dropped
        filled = dropped.columns.enumerated().compactMap { index, column in
            guard column.generated == nil, let hidden = Self.hidden(index, run) else { return nil }
            return (column, hidden)
        }
        checks = dropped.columns.enumerated().compactMap { index, column in
            guard column.isNotNull, column.generated == nil, let hidden = Self.hidden(index, run) else { return nil }
            return (column, hidden)
        }
    }

    /// The name of ours for what belongs to one of the columns while it is not whole.
    private static func hidden(_ index: Int, _ run: RunID) -> Identifier? {
        Identifier("etl_undo_\(run.value)_\(index + 1)")
    }

    /// What an undoing that was stopped may have left in the table: it goes on from there.
    var underWay: [CreatedObject] {
        filled.map { .column($0.hidden, of: table) } + checks.map { .constraint($0.hidden, on: table) }
    }

    var table: QualifiedName { dropped.table }

    /// For people.
    var description: String { RetiredColumns.list(dropped.columns.map(\.name)) }

    func archive(in ledger: Ledger) -> QualifiedName? {
        dropped.relation.map { QualifiedName(schema: ledger.schema, name: $0) }
    }

    /// Adds the columns that are to be filled. Without a default: rows that came after the drop never had a value.
    var additions: [SQL] {
        if filled.isEmpty { return [] }
        let columns = filled.map { column, hidden in
            "add column \(hidden.quoted) \(column.type)" + (column.collation.map { " collate \($0)" } ?? "")
        }
        let storage = filled.flatMap { column, hidden in
            ["alter column \(hidden.quoted) set storage \(column.storage)"]
                + (column.compression.map { ["alter column \(hidden.quoted) set compression \($0)"] } ?? [])
        }
        return [
            "alter table \(table) \(unsafe: columns.joined(separator: ", "))",
            "alter table \(table) \(unsafe: storage.joined(separator: ", "))",
        ]
    }

    /// Fills them for some keys.
    func filling(from archive: QualifiedName, where condition: SQL) -> SQL {
        let values = filled.map { "\($0.hidden.quoted) = a.\($0.column.name.quoted)" }.joined(separator: ", ")
        return """
            update \(table) t set \(unsafe: values) from \(archive) a
             where \(SQL.equal(dropped.key, of: "t", and: "a")) and \(condition)
            """
    }

    /// Sequences that went with the columns: their defaults need them.
    var sequences: [String] { dropped.dependents.filter { $0.hasPrefix("create sequence ") } }

    /// Gives the columns their names, defaults, comments and options.
    var namings: [String] {
        let named = filled.map { "rename column \($0.hidden.quoted) to \($0.column.name.quoted)" }
        let generated = dropped.columns.compactMap { column in
            column.generated.map { expression in
                "add column \(column.name.quoted) \(column.type)" + (column.collation.map { " collate \($0)" } ?? "")
                    + " generated always as (\(expression)) \(column.isVirtual ? "virtual" : "stored")"
            }
        }
        return (named + generated + dropped.columns.flatMap(settings)).map { "alter table \(table.quoted) \($0)" }
            + dropped.columns.compactMap(comment)
    }

    private func settings(of column: DroppedColumn) -> [String] {
        var settings: [String] = []
        if let expression = column.defaultExpression { settings.append("set default \(expression)") }
        if let statistics = column.statistics { settings.append("set statistics \(statistics)") }
        if let options = column.options { settings.append("set (\(options))") }
        return settings.map { "alter column \(column.name.quoted) \($0)" }
    }

    private func comment(on column: DroppedColumn) -> String? {
        column.comment.map { text in
            let statement: SQL = "comment on column \(table).\(column.name) is \(literal: text.utf8)"
            return statement.text
        }
    }
}
