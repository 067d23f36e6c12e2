import Ledger
import Postgres

/// Brings a target that has rows already to what the source gives, by difference: rows that are right stay untouched,
/// because rows of other tables hang on them.
struct TargetMerge {
    let tables: StreamTables
    let columns: [Identifier]
    let existing: ExistingRows
    /// Whether what rejected rows gave before is removed, too.
    var clearsRejected = false

    private static let staged: SQL = "pg_temp.etl_rows"

    /// Which source rows had rows in the target already.
    struct Found {
        /// Those with the same rows.
        var adopted: [Key] = []
        /// Those with other rows, which were kept.
        var kept: [Key] = []
        /// Those with other rows, which were replaced.
        var replaced: [Key] = []
        /// How many rows were not written, for others were kept.
        var unwritten: Int64 = 0

        /// All of them.
        var keys: [Key] { adopted + kept + replaced }

        static func + (one: Found, other: Found) -> Found {
            Found(
                adopted: one.adopted + other.adopted, kept: one.kept + other.kept,
                replaced: one.replaced + other.replaced, unwritten: one.unwritten + other.unwritten)
        }
    }

    /// Merges the rows that some source rows gave; says what was there already.
    func merge(
        _ rows: CopyRows, of items: ArraySlice<Batch.Item>, _ transaction: borrowing Transaction
    ) throws -> Found {
        let keys = items.compactMap { item -> Key? in
            if case .rejected = item.fate, !clearsRejected { nil } else { item.key }
        }
        try transaction.run(
            """
            drop table if exists \(Self.staged);
            create temporary table etl_rows on commit drop as select \(list) from \(tables.target) with no data;
            """)
        if rows.count > 0 { try transaction.copyIn(rows, into: Self.staged, columns: columns) }
        let old = existingRows(of: keys)
        let different = Mutant.is(.adoptWhatDiffers) ? [] : try differing(from: old, transaction)
        let printed = SQL(unsafe: tables.parent.map { "\($0.quoted)::text" }.joined(separator: ", "))
        let present = try transaction.run("select distinct \(printed) from \(old) o").rows.map { row in
            Key(tables.parent.indices.compactMap { row.bytes($0) })
        }
        if !different.isEmpty {
            try settle(different, transaction)
            if existing == .replace { try expectReplaced(old, transaction) }
        }
        try insert("not exists (select from \(old) o where \(sameParent("o", "n")))", transaction)
        let others = Set(different)
        var found = Found(adopted: present.filter { !others.contains($0) })
        if existing == .replace { found.replaced = different }
        if existing == .keep, !different.isEmpty {
            found.kept = different
            found.unwritten =
                try transaction.row(
                    """
                    select count(*) from \(Self.staged) n
                     where exists (select from \(existingRows(of: different)) o where \(sameParent("o", "n")))
                    """
                ).int(0) ?? 0
        }
        return found
    }

    private var list: SQL { SQL.list(columns) }

    /// The columns as they are printed: jsonb that is equal may still print numbers of another scale, and is another then.
    private var printedList: SQL {
        let parents = Set(tables.parent)
        let columns = columns.map { parents.contains($0) ? $0.quoted : "\($0.quoted)::text as \($0.quoted)" }
        return SQL(unsafe: columns.joined(separator: ", "))
    }

    /// The target's rows that belong to some source rows.
    private func existingRows(of keys: [Key]) -> SQL {
        let arrays = tables.source.key.indices.map { place -> SQL in "\(.textArray(keys.map { $0.parts[place] }))" }
        let names = tables.source.key.indices.map { "k\($0)" }
        let matches = zip(tables.parent, tables.source.key).enumerated().map { place, pair in
            "t.\(pair.0.quoted) = v.k\(place)::\(pair.1.type)"
        }
        return """
            (select \(list) from \(tables.target) t
              where \(tables.isOurs) and exists (select from unnest(\(SQL.joined(arrays, separator: ", ")))
                                     as v (\(unsafe: names.joined(separator: ", ")))
                             where \(unsafe: matches.joined(separator: " and "))))
            """
    }

    private func sameParent(_ one: String, _ other: String) -> SQL {
        SQL(unsafe: tables.parent.map { "\(one).\($0.quoted) = \(other).\($0.quoted)" }.joined(separator: " and "))
    }

    /// The parents that have rows already, and not the same ones.
    private func differing(from old: SQL, _ transaction: borrowing Transaction) throws(PostgresError) -> [Key] {
        let parents = SQL.list(tables.parent)
        let printed = SQL(unsafe: tables.parent.map { "\($0.quoted)::text" }.joined(separator: ", "))
        let found = try transaction.run(
            """
            select distinct \(printed) from (
                (select \(printedList) from \(old) o except all select \(printedList) from \(Self.staged))
                union all
                (select \(printedList) from \(Self.staged) except all select \(printedList) from \(old) o)) d
             where (\(parents)) in (select \(parents) from \(old) o) order by 1
            """)
        return found.rows.map { row in Key(tables.parent.indices.compactMap { row.bytes($0) }) }
    }

    private func settle(_ different: [Key], _ transaction: borrowing Transaction) throws {
        let old = existingRows(of: different)
        if Mutant.is(.keepInsteadOfReplace), existing == .replace { return }
        switch existing {
        case .stop:
            throw Failure(
                .refused, "\(tables.target) has rows already that differ from what \(tables.source.name) gives",
                details: ["first keys: " + different.prefix(5).map(\.description).joined(separator: "; ")],
                next: "look at them, then run again with --on-existing keep or --on-existing replace")
        case .keep: break
        case .replace:
            let assignments = columns.map { "\($0.quoted) = n.\($0.quoted)" }.joined(separator: ", ")
            let values = { (alias: String) in
                self.columns.map { "\(alias).\($0.quoted)::text" }.joined(separator: ", ")
            }
            let id = columns[0].quoted
            try transaction.run(
                """
                delete from \(tables.target) t using \(old) o where t.\(unsafe: id) = o.\(unsafe: id)
                   and not exists (select from \(Self.staged) n where n.\(unsafe: id) = t.\(unsafe: id))
                """)
            try transaction.run(
                """
                update \(tables.target) t set \(unsafe: assignments) from \(Self.staged) n
                 where n.\(unsafe: id) = t.\(unsafe: id)
                   and (\(unsafe: values("t"))) is distinct from (\(unsafe: values("n")))
                """)
            try insert(
                """
                exists (select from \(old) o where \(sameParent("o", "n")))
                and not exists (select from \(tables.target) t where t.\(unsafe: id) = n.\(unsafe: id))
                """, transaction)
        }
    }

    /// Replaced rows must be what was asked for, as with COPY.
    private func expectReplaced(_ old: SQL, _ transaction: borrowing Transaction) throws {
        let different = try differing(from: old, transaction)
        guard !different.isEmpty else { return }
        throw Failure(
            .failed, "rows of \(tables.target) are not what was written: a trigger or a rule alters them",
            details: ["first keys: " + different.prefix(5).map(\.description).joined(separator: "; ")])
    }

    /// Inserts the staged rows that a condition on `n` picks; every one must arrive, as with COPY.
    private func insert(_ condition: SQL, _ transaction: borrowing Transaction) throws(PostgresError) {
        let counts = try transaction.row(
            """
            with chosen as materialized (select \(list) from \(Self.staged) n where \(condition)),
                 stored as (insert into \(tables.target) (\(list)) select \(list) from chosen returning 1)
            select (select count(*) from chosen), (select count(*) from stored)
            """)
        let (sent, stored) = (Int(counts.int(0) ?? 0), Int(counts.int(1) ?? 0))
        guard sent == stored else {
            throw .copyCountDiffers(table: tables.target.description, sent: sent, stored: stored)
        }
    }
}
