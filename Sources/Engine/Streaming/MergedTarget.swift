import Ledger
import Postgres

/// One target of a merge: what it has, and what it is to have, which is in a temporary table meanwhile.
struct MergedTarget {
    let tables: StreamTables
    /// Its place among the stream's targets.
    let place: Int

    var target: StreamTarget { tables.targets[place] }

    private var stagedName: String { "etl_rows_\(place + 1)" }
    private var staged: SQL { "pg_temp.\(unsafe: stagedName)" }

    /// Takes the rows that it is to have.
    func stage(_ rows: CopyRows, _ transaction: borrowing Transaction) throws {
        try transaction.run(
            """
            drop table if exists \(staged);
            create temporary table \(unsafe: stagedName) on commit drop as
                select \(SQL.list(target.columns)) from \(target.name) with no data;
            """)
        if rows.count > 0 { try transaction.copyIn(rows, into: staged, columns: target.columns) }
    }

    /// Which of some source rows have rows in it.
    func present(of keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) -> [Key] {
        self.keys(try transaction.run("select distinct \(printedParent) from \(rows(of: keys)) o"))
    }

    /// Which of some source rows have not the rows that they are to have.
    func differing(among keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) -> [Key] {
        if keys.isEmpty { return [] }
        let old: SQL = "select \(printedColumns) from \(rows(of: keys)) o"
        let new: SQL = "select \(printedColumns) from \(staged)"
        return self.keys(
            try transaction.run(
                """
                select distinct \(printedParent)
                  from ((\(old) except all \(new)) union all (\(new) except all \(old))) d
                 where \(isOf(keys, "d")) order by 1
                """))
    }

    /// Deletes the rows of some source rows that those do not give any more.
    func deleteVanished(of keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run(
            """
            delete from \(target.name) t using \(rows(of: keys)) o where t.\(id) = o.\(id)
               and not exists (select from \(staged) n where n.\(id) = t.\(id))
            """)
    }

    /// Updates the rows that differ, and inserts those of some source rows that are not there.
    func replace(_ keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) {
        let columns = unlinked
        let assignments = columns.map { "\($0.quoted) = n.\($0.quoted)" }.joined(separator: ", ")
        try transaction.run(
            """
            update \(target.name) t set \(unsafe: assignments) from \(staged) n
             where n.\(id) = t.\(id) and (\(printed(columns, "t"))) is distinct from (\(printed(columns, "n")))
            """)
        try insert(
            "\(isOf(keys, "n")) and not exists (select from \(target.name) t where t.\(id) = n.\(id))", transaction)
    }

    /// Inserts the rows of all source rows but some.
    func insert(except keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) {
        try insert(keys.isEmpty ? "true" : "not \(isOf(keys, "n"))", transaction)
    }

    /// Lets rows name those of the other target, which are there by now; every one must arrive, as with COPY.
    func link(except keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) {
        let links = target.links
        if links.isEmpty || Mutant.is(.leaveRowsUnlinked) { return }
        let assignments = links.map { "\($0.quoted) = n.\($0.quoted)" }.joined(separator: ", ")
        let isWrong: SQL = """
            n.\(id) = t.\(id) and (\(printed(links, "t"))) is distinct from (\(printed(links, "n")))
               and \(keys.isEmpty ? "true" : "not \(isOf(keys, "n"))")
            """
        let done = try transaction.run(
            "update \(target.name) t set \(unsafe: assignments) from \(staged) n where \(isWrong)"
        ).affectedRows
        let left =
            try transaction.row("select count(*) from \(target.name) t, \(staged) n where \(isWrong)").int(0) ?? 0
        guard left == 0 else {
            throw .copyCountDiffers(table: target.name.description, sent: done + Int(left), stored: done)
        }
    }

    /// How many rows some source rows are to have.
    func count(of keys: [Key], _ transaction: borrowing Transaction) throws(PostgresError) -> Int64 {
        try transaction.row("select count(*) from \(staged) n where \(isOf(keys, "n"))").int(0) ?? 0
    }

    /// Inserts the rows that a condition on `n` picks; every one must arrive, as with COPY.
    private func insert(_ condition: SQL, _ transaction: borrowing Transaction) throws(PostgresError) {
        let list = SQL.list(unlinked)
        let counts = try transaction.row(
            """
            with chosen as materialized (select \(list) from \(staged) n where \(condition)),
                 stored as (insert into \(target.name) (\(list)) select \(list) from chosen returning 1)
            select (select count(*) from chosen), (select count(*) from stored)
            """)
        let (sent, stored) = (Int(counts.int(0) ?? 0), Int(counts.int(1) ?? 0))
        guard sent == stored else {
            throw .copyCountDiffers(table: target.name.description, sent: sent, stored: stored)
        }
    }

    private var id: SQL { "\(target.columns[0])" }

    /// The columns that can be written before the other target has its rows.
    private var unlinked: [Identifier] { target.columns.filter { !target.links.contains($0) } }

    /// The columns as they are printed: jsonb that is equal may still print numbers of another scale, and is another then.
    private var printedColumns: SQL {
        let columns = target.columns.map { column in
            target.parent.contains(column) ? column.quoted : "\(column.quoted)::text as \(column.quoted)"
        }
        return SQL(unsafe: columns.joined(separator: ", "))
    }

    private func printed(_ columns: [Identifier], _ alias: String) -> SQL {
        SQL(unsafe: columns.map { "\(alias).\($0.quoted)::text" }.joined(separator: ", "))
    }

    private var printedParent: SQL {
        SQL(unsafe: target.parent.map { "\($0.quoted)::text" }.joined(separator: ", "))
    }

    private func keys(_ found: ResultTable) -> [Key] {
        found.rows.map { Key($0, columns: target.parent.count) }
    }

    /// The rows that belong to some source rows.
    private func rows(of keys: [Key]) -> SQL {
        """
        (select \(SQL.list(target.columns)) from \(target.name) t where \(target.isOurs) and \(isOf(keys, "t")))
        """
    }

    /// Whether a row belongs to one of some source rows.
    private func isOf(_ keys: [Key], _ alias: String) -> SQL {
        let arrays = tables.source.key.indices.map { place -> SQL in "\(.textArray(keys.map { $0.parts[place] }))" }
        let names = tables.source.key.indices.map { "k\($0)" }
        let matches = zip(target.parent, tables.source.key).enumerated().map { place, pair in
            "\(alias).\(pair.0.quoted) = v.k\(place)::\(pair.1.type)"
        }
        return """
            exists (select from unnest(\(SQL.joined(arrays, separator: ", "))) as v (\(unsafe: names.joined(separator: ", ")))
                     where \(unsafe: matches.joined(separator: " and ")))
            """
    }
}
