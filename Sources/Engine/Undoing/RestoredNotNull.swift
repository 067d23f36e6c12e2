import Ledger
import Postgres

/// Makes columns that were brought back refuse nulls again, and be identities, where every row has a value.
///
/// A check that is validated beforehand vouches for the rows, so that no lock lasts for as long as reading them.
struct RestoredNotNull {
    let context: UndoContext
    let stage: String
    let columns: RestoredColumns

    private var table: QualifiedName { columns.table }
    private var defining: TransactionSettings { context.site.defining }

    /// Does what can be done; says what cannot.
    func perform() throws -> [String] {
        var lacking: [String] = []
        for (column, check) in columns.checks {
            if let reason = try perform(column, check) { lacking.append(reason) }
        }
        return lacking
    }

    private func perform(_ column: DroppedColumn, _ check: Identifier) throws -> String? {
        let nulls = try context.perform(stage, defining, locking: [table]) { transaction -> Int64? in
            if try isAsBefore(column, transaction) { return nil }
            let nulls = try transaction.row("select count(*) from \(table) where \(column.name) is null").int(0) ?? 0
            if nulls == 0, try !isThere(check, transaction) {
                try alter("add constraint \(check) check (\(column.name) is not null) not valid", transaction)
            }
            return nulls
        }
        guard let nulls else { return nil }
        if nulls > 0 {
            return """
                \(table).\(column.name) takes nulls now, for \(nulls) \(nulls == 1 ? "row has" : "rows have") none; when \
                each has a value: alter table \(table.quoted) alter column \(column.name.quoted) set not null
                """
        }
        do {
            try context.perform(stage, defining, locking: [table]) {
                try alter("validate constraint \(check)", $0)
            }
        } catch let error as PostgresError where error.serverError?.sqlstate == "23514" {
            // A row without a value came between the two looks.
            try context.perform(stage, defining, locking: [table]) {
                try alter("drop constraint if exists \(check)", $0)
            }
            return try perform(column, check)
        }
        try context.perform(stage, defining, locking: [table]) { transaction in
            // Where the answer to the commit was lost, it is done already.
            guard try isThere(check, transaction) else { return }
            try alter("alter column \(column.name) set not null", transaction)
            try alter("drop constraint \(check)", transaction)
            try giveName(to: column, transaction)
            guard let identity = column.identity else { return }
            let kind = identity == "a" ? "always" : "by default"
            try alter("alter column \(column.name) add generated \(unsafe: kind) as identity", transaction)
            try transaction.run(
                """
                select setval(pg_get_serial_sequence(\(.text(table.quoted)), \(.text(column.name.name))),
                              greatest(max(\(column.name)), 1)) from \(table)
                """)
        }
        return nil
    }

    /// Gives the constraint that there is now, to servers that have such, the name that it had.
    private func giveName(to column: DroppedColumn, _ transaction: borrowing Transaction) throws {
        guard let name = column.notNullName else { return }
        let found = try transaction.run(
            """
            select k.conname from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
             where k.conrelid = to_regclass(\(.text(table.quoted))) and k.contype = 'n' and k.conname <> \(.text(name.name))
               and a.attname = \(.text(column.name.name))
            """)
        guard let other = found.first?.text(0).flatMap({ Identifier($0) }) else { return }
        try alter("rename constraint \(other) to \(name)", transaction)
    }

    /// Whether the column refuses nulls, and is the identity that it was: an undoing that was stopped goes on here.
    private func isAsBefore(
        _ column: DroppedColumn, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.row(
            """
            select exists (select from pg_attribute where attrelid = to_regclass(\(.text(table.quoted)))
                              and attname = \(.text(column.name.name)) and attnotnull
                              and attidentity = \(.text(column.identity ?? "")))
            """
        ).bool(0)
    }

    private func isThere(
        _ check: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        try transaction.row(
            """
            select exists (select from pg_constraint where conrelid = to_regclass(\(.text(table.quoted)))
                              and conname = \(.text(check.name)))
            """
        ).bool(0)
    }

    private func alter(_ action: SQL, _ transaction: borrowing Transaction) throws {
        try transaction.working(in: [table.schema], lock: transaction.settings.lock) {
            _ = try transaction.run("alter table \(table) \(action)")
        }
    }
}
