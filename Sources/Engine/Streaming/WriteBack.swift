import Ledger
import Postgres

/// Sets values in the rows of the source that they were made from.
///
/// A value goes where there is none yet (a JSON null is none, too), or where there is still the one that we wrote before; that
/// is found out by its hash, and what somebody else has set stays. A row that changed since it was read is left as it is.
/// The hash says as well in the place of what it is, so that an undoing can put that there again.
struct WriteBack {
    let source: KeyedTable
    let column: Identifier

    /// A row of the source that we wrote to, and what it looks like since.
    struct Rewrite {
        let index: Int
        let xmin: UInt32
        let mark: Int64
        /// A hash of the value; nil where there is none any more.
        let value: Int64?
    }

    /// What was in the place of a value.
    enum Before: Int64, CaseIterable {
        case null = 0
        case jsonNull = 1

        /// As it stands in SQL.
        var literal: SQL {
            switch self {
            case .null: "null"
            case .jsonNull: "'null'::jsonb"
            }
        }
    }

    /// The hash of a row's value as it is stored, by which the ledger knows what we wrote in the place of what.
    static func hash(of column: Identifier, over before: Before) -> SQL {
        "hashtextextended(s.\(column)::text collate \"C\", \(unsafe: String(before.rawValue)))"
    }

    /// Writes the values of some of a batch's rows.
    func perform(
        _ part: Range<Int>, of batch: Batch, _ transaction: borrowing Transaction
    ) throws -> [Rewrite] {
        let indices = part.filter { value(of: batch.items[$0]) != nil || batch.items[$0].written != nil }
        if indices.isEmpty { return [] }
        let rows = self.rows(indices, of: batch)
        var written = try update(rows, of: indices, batch, over: .null, transaction)
        if written.count < indices.count {
            written += try update(rows, of: indices, batch, over: .jsonNull, transaction)
        }
        if written.count < indices.count { try expectNoneLeft(rows, besides: written.count, transaction) }
        return written
    }

    /// Writes those that go, or went, where there was one kind of nothing.
    private func update(
        _ rows: SQL, of indices: [Int], _ batch: Batch, over before: Before, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Rewrite] {
        let written = try transaction.run(
            """
            update \(source.name) s set \(column) = coalesce(v.value::jsonb, \(before.literal)) from \(rows)
             where \(range(of: indices, batch)) and \(isToWrite(over: before))
            returning v.i, s.xmin::text, \(source.mark(of: "s")),
                      case when v.value is not null then \(Self.hash(of: column, over: before)) end
            """)
        return written.rows.compactMap { row in
            guard let index = row.int(0), let xmin = row.int(1), let mark = row.int(2) else { return nil }
            return Rewrite(
                index: Int(index), xmin: UInt32(truncatingIfNeeded: xmin), mark: mark, value: row.int(3))
        }
    }

    /// Which of the rows that we wrote to before still have our value, with its hash, by their place in the batch.
    func kept(of batch: Batch, _ transaction: borrowing Transaction) throws(PostgresError) -> [Int: Int64] {
        let indices = batch.items.indices.filter { batch.items[$0].written != nil }
        if indices.isEmpty { return [:] }
        let found = try transaction.run(
            "select v.i, v.ours from \(source.name) s, \(rows(indices, of: batch)) where \(isRow) and \(isOurs)"
        )
        var kept: [Int: Int64] = [:]
        for row in found.rows {
            if let index = row.int(0), let hash = row.int(1) { kept[Int(index)] = hash }
        }
        return kept
    }

    /// From the first of some rows through the last. Their keys say as much, but only this keeps a server that knows little of
    /// the table from reading all of it.
    private func range(of indices: [Int], _ batch: Batch) -> SQL {
        guard let first = indices.first, let last = indices.last else { return "false" }
        return ChunkQuery.condition(
            from: batch.items[first].key, through: batch.items[last].key, key: source.key, alias: "s")
    }

    /// A rejected row gives no value.
    private func value(of item: Batch.Item) -> [UInt8]? {
        if case .rejected = item.fate { nil } else { item.cover }
    }

    /// Rows `v`: a row's place, its xmin as it was read, the value for it, the hash of the one before, its key.
    private func rows(_ indices: [Int], of batch: Batch) -> SQL {
        let keys = source.key.indices.map { place -> SQL in
            "\(.textArray(indices.map { batch.items[$0].key.parts[place] }))"
        }
        let names = source.key.indices.map { "k\($0)" }
        return """
            unnest(\(.intArray(indices.map(Int64.init))), \(.intArray(indices.map { Int64(batch.items[$0].xmin) })),
                   \(.textArray(indices.map { value(of: batch.items[$0]) })),
                   \(.textArray(indices.map { batch.items[$0].written.map { Array(String($0).utf8) } }))::bigint[],
                   \(SQL.joined(keys, separator: ", "))) as v (i, x, value, ours, \(unsafe: names.joined(separator: ", ")))
            """
    }

    private var isRow: SQL {
        SQL(
            unsafe: source.key.enumerated().map { "s.\($1.name.quoted) = v.k\($0)::\($1.type)" }
                .joined(separator: " and "))
    }

    /// Whether the value is the one that we wrote before.
    private var isOurs: SQL {
        "v.ours in (\(SQL.joined(Before.allCases.map { Self.hash(of: column, over: $0) }, separator: ", ")))"
    }

    private func isToWrite(over before: Before) -> SQL {
        func isFree(_ kind: Before) -> SQL { kind == before ? "v.value is not null" : "false" }
        return """
            \(isRow) and \(unsafe: Mutant.is(.writeBackToChanged) ? "true" : "s.xmin = v.x::text::xid")
            and case when s.\(column) is null then \(isFree(.null))
                     when s.\(column) = 'null'::jsonb then \(isFree(.jsonNull))
                     else \(Mutant.is(.overwriteCovers) ? "true" : "v.ours = \(Self.hash(of: column, over: before))")
                          and s.\(column)::text is distinct from v.value::jsonb::text end
            """
    }

    /// What was to be written must be written, as with COPY.
    private func expectNoneLeft(
        _ rows: SQL, besides written: Int, _ transaction: borrowing Transaction
    ) throws(PostgresError) {
        let condition = SQL.joined(Before.allCases.map { "(\(isToWrite(over: $0)))" }, separator: " or ")
        let left = try transaction.row("select count(*) from \(source.name) s, \(rows) where \(condition)").int(0) ?? 0
        guard left == 0 else {
            throw .copyCountDiffers(
                table: source.name.description, sent: written + Int(left), stored: written)
        }
    }
}
