import Ledger
import Postgres

/// The copy that is kept of columns that are dropped: a table of the ledger's schema with the key, the columns and xmin of
/// every row, which nobody but its owner may read.
struct ColumnArchive {
    let columns: RetiredColumns
    let name: QualifiedName

    private var table: KeyedTable { columns.table }
    private var kept: [Identifier] { columns.table.columns + columns.present }
    var xmin: Identifier { Self.xminColumn(beside: kept) }

    /// Where xmin goes. A table can have no column of that name, and the source may have one of any other.
    static func xminColumn(beside columns: [Identifier]) -> Identifier {
        let free = (0...columns.count).lazy.map { "row_xmin" + String(repeating: "_", count: $0) }
            .first { name in !columns.contains { $0.name == name } }
        return free.flatMap { Identifier($0) } ?? Identifier("row_xmin")
    }

    /// Makes the table, with no row in it.
    func create(for run: RunID, stage: String, _ transaction: borrowing Transaction) throws {
        try working(transaction) {
            try transaction.run(Self.creation(of: name, from: table.name, keeping: kept))
            try transaction.run("alter table \(name) add primary key (\(SQL.list(table.columns)))")
        }
        try describe(run, stage, transaction)
        try keepToOwner(transaction)
    }

    /// Makes its rows of a range of keys what the table has now; nil means all of them.
    func refresh(_ range: KeyRange?, _ transaction: borrowing Transaction) throws {
        try refresh(transaction) { alias in
            range.map { ChunkQuery.condition($0, key: table.key, alias: alias) } ?? "true"
        }
    }

    /// Makes its rows of some keys what the table has now.
    func refresh(_ keys: [Key], _ transaction: borrowing Transaction) throws {
        if keys.isEmpty { return }
        try refresh(transaction) { ChunkQuery.condition(keys, key: table.key, alias: $0) }
    }

    /// Lets the server know how many rows it has: it is compared with the table in a hurry.
    func analyze(_ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run("analyze \(name) (\(SQL.list(table.columns + [xmin])))")
    }

    /// The same where a condition holds, which is asked for by the alias of the table that it is put to.
    private func refresh(_ transaction: borrowing Transaction, where condition: (_ alias: String) -> SQL) throws {
        let isSame = SQL.equal(table.columns, of: "a", and: "s")
        try working(transaction) {
            // One at a time, or two would copy the same rows. The table first, as who drops does it.
            try transaction.run("lock table \(table.name) in access share mode")
            try transaction.run("lock table \(name) in share row exclusive mode")
            try transaction.run(
                """
                delete from \(name) a where \(condition("a")) and not exists (
                    select from \(table.name) s where \(isSame) and s.xmin::text::bigint = a.\(xmin))
                """)
            try transaction.run(
                """
                insert into \(name) \(Self.rows(of: table.name, keeping: kept))
                 where \(condition("s")) and not exists (select from \(name) a where \(isSame))
                 order by \(SQL.list(table.columns, of: "s"))
                """)
        }
    }

    private func working(_ transaction: borrowing Transaction, _ body: () throws -> Void) throws {
        do {
            // Triggers of any kind are the application's, and expect its schema.
            try transaction.working(in: [table.name.schema], lock: transaction.settings.lock) { try body() }
        } catch let error as PostgresError where error.serverError?.sqlstate.hasPrefix("53") ?? false {
            // To try again would not make more room.
            var failure = Failure(error, while: "the archive \(name) could not be filled")
            failure.next = "make room on the server, then run this again; nothing was dropped"
            throw failure
        }
    }

    /// Sees that it holds every row as it is: brings it up to date where it does not, and throws where that does not help.
    func complete(_ marks: (rows: Int64, sum: String), _ transaction: borrowing Transaction) throws {
        if try self.marks(transaction) == marks { return }
        try refresh(nil, transaction)
        let found = try self.marks(transaction)
        guard found == marks || Mutant.is(.dropHalfArchived) else {
            throw Failure(
                .failed, "the archive \(name) took \(found.rows) of \(marks.rows) rows, or not as they are",
                next: "something of the database's own interferes, a trigger perhaps; nothing was dropped")
        }
    }

    /// The statement that makes a table for a copy of columns, and of xmin.
    static func creation(of archive: QualifiedName, from table: QualifiedName, keeping kept: [Identifier]) -> SQL {
        "create table \(archive) as \(rows(of: table, keeping: kept)) with no data"
    }

    /// The statement that fills it.
    static func filling(of archive: QualifiedName, from table: QualifiedName, keeping kept: [Identifier]) -> SQL {
        "insert into \(archive) \(rows(of: table, keeping: kept))"
    }

    private static func rows(of table: QualifiedName, keeping kept: [Identifier]) -> SQL {
        return
            "select \(SQL.list(kept, of: "s")), s.xmin::text::bigint as \(xminColumn(beside: kept)) from \(table) s"
    }

    private func marks(_ transaction: borrowing Transaction) throws(PostgresError) -> (rows: Int64, sum: String) {
        try Self.marks(in: name, key: table.columns, xmin: xmin, transaction)
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

    private func describe(
        _ run: RunID, _ stage: String, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        func comment(on object: SQL, _ text: String) throws(PostgresError) {
            try transaction.run("comment on \(object) is \(literal: text.utf8)")
        }
        let source = table.name
        try comment(on: "table \(name)", "\(columns.description) as dropped by run \(run.value), stage \(stage)")
        for column in table.columns {
            try comment(on: "column \(name).\(column)", "Key of \(source): \(column.name).")
        }
        for column in columns.present {
            try comment(on: "column \(name).\(column)", "\(source).\(column) as it was.")
        }
        try comment(on: "column \(name).\(xmin)", "xmin of the row of \(source): which transaction wrote it last.")
    }

    /// Takes back what default privileges of the schema give to others.
    private func keepToOwner(_ transaction: borrowing Transaction) throws(PostgresError) {
        let others = try transaction.run(
            """
            select distinct case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end
              from pg_class c, aclexplode(c.relacl) g
             where c.oid = \(.text(name.quoted))::regclass and g.grantee <> c.relowner
            """
        ).rows.compactMap { $0.text(0) }
        guard !others.isEmpty else { return }
        try transaction.run("revoke all on table \(name) from \(unsafe: others.joined(separator: ", "))")
    }
}
