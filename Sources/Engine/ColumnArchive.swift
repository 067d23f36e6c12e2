import Ledger
import Postgres

/// The copy that is kept of columns that are dropped: a table of the ledger's schema with the key, the columns and xmin of
/// every row, which nobody but its owner may read.
struct ColumnArchive {
    let columns: RetiredColumns
    let run: RunID
    let stage: String
    let schema: Identifier

    /// Where xmin goes. A table can have no column of that name, and the source may have one of any other.
    static func xminColumn(beside columns: [Identifier]) -> Identifier {
        let free = (0...columns.count).lazy.map { "row_xmin" + String(repeating: "_", count: $0) }
            .first { name in !columns.contains { $0.name == name } }
        return free.flatMap { Identifier($0) } ?? Identifier("row_xmin")
    }

    /// Makes the copy and sees that it holds every row as it is under the lock. Returns its name.
    func create(_ marks: (rows: Int64, sum: String), _ transaction: borrowing Transaction) throws -> Identifier {
        let name = try freeName(transaction)
        let archive = QualifiedName(schema: schema, name: name)
        let kept = columns.table.columns + columns.present
        let xmin = Self.xminColumn(beside: kept)
        do {
            try fill(archive, with: kept, transaction)
        } catch let error as PostgresError where error.serverError?.sqlstate.hasPrefix("53") ?? false {
            // To try again would lock everybody out for as long once more.
            var failure = Failure(error, while: "the archive \(archive) could not be made")
            failure.next = "make room on the server, then run this again; nothing was dropped"
            throw failure
        }
        try describe(archive, xmin: xmin, transaction)
        try keepToOwner(archive, transaction)
        let found = try Self.marks(in: archive, key: columns.table.columns, xmin: xmin, transaction)
        guard found == marks else {
            throw Failure(
                .failed, "the archive \(archive) took \(found.rows) of \(marks.rows) rows, or not as they are",
                next: "something of the database's own interferes, an event trigger perhaps; nothing was dropped")
        }
        return name
    }

    private func fill(
        _ archive: QualifiedName, with kept: [Identifier], _ transaction: borrowing Transaction
    ) throws {
        // Event triggers are the application's, and expect its schema.
        try transaction.working(in: [columns.table.name.schema], lock: transaction.settings.lock) {
            try transaction.run(Self.creation(of: archive, from: columns.table.name, keeping: kept))
            try transaction.run("alter table \(archive) add primary key (\(SQL.list(columns.table.columns)))")
        }
    }

    /// The statement that makes a copy of columns, and of xmin.
    static func creation(of archive: QualifiedName, from table: QualifiedName, keeping kept: [Identifier]) -> SQL {
        let values = kept.map { "s.\($0.quoted)" }.joined(separator: ", ")
        return """
            create table \(archive) as
            select \(unsafe: values), s.xmin::text::bigint as \(xminColumn(beside: kept)) from \(table) s
            """
    }

    /// How many rows an archive holds, and the sum of their marks, as text.
    static func marks(
        in archive: QualifiedName, key: [Identifier], xmin: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (rows: Int64, sum: String) {
        let printed = KeyedTable.printed(key, of: "a")
        let row = try transaction.row(
            """
            select count(*), coalesce(sum(hashtextextended(\(unsafe: printed) collate "C", a.\(xmin))), 0)::text
              from \(archive) a
            """)
        return (row.int(0) ?? 0, row.text(1) ?? "0")
    }

    /// A name that no relation of the ledger's schema has: after run and stage, cut where it would be too long.
    private func freeName(_ transaction: borrowing Transaction) throws -> Identifier {
        let base = "archive_\(run.value)_" + stage.replacing("-", with: "_")
        for number in 1...1000 {
            let end = number == 1 ? "" : "_\(number)"
            // A stage's name is ASCII, so a character is a byte.
            guard let name = Identifier(base.prefix(Identifier.maximumBytes - end.count) + end) else { break }
            let found = try transaction.row(
                """
                select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                                where n.nspname = \(.text(schema.name)) and c.relname = \(.text(name.name)))
                """)
            if !found.bool(0) { return name }
        }
        throw Failure(.failed, "schema \(schema) has too many tables named \(base)")
    }

    private func describe(
        _ archive: QualifiedName, xmin: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        func comment(on object: SQL, _ text: String) throws(PostgresError) {
            try transaction.run("comment on \(object) is \(literal: text.utf8)")
        }
        let source = columns.table.name
        try comment(
            on: "table \(archive)", "\(columns.description) as dropped by run \(run.value), stage \(stage)")
        for name in columns.table.columns {
            try comment(on: "column \(archive).\(name)", "Key of \(source): \(name).")
        }
        for name in columns.present {
            try comment(on: "column \(archive).\(name)", "\(source).\(name) as it was.")
        }
        try comment(on: "column \(archive).\(xmin)", "xmin of the row of \(source): which transaction wrote it last.")
    }

    /// Takes back what default privileges of the schema give to others.
    private func keepToOwner(
        _ archive: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let others = try transaction.run(
            """
            select distinct case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end
              from pg_class c, aclexplode(c.relacl) g
             where c.oid = \(.text(archive.quoted))::regclass and g.grantee <> c.relowner
            """
        ).rows.compactMap { $0.text(0) }
        guard !others.isEmpty else { return }
        try transaction.run("revoke all on table \(archive) from \(unsafe: others.joined(separator: ", "))")
    }
}
