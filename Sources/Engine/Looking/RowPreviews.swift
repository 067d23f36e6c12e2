import Ledger
import Pipelines
import Postgres

/// Shows what the first rows of a stream's source would become.
struct RowPreviews {
    let stage: String
    let stream: Pipelines.Stream
    let tables: StreamTables
    let limits: BatchLimits

    /// Characters of a value that are shown.
    private static let excerpt = 2000

    /// The first rows in the order of the key, and what each becomes, as the server would print it.
    func first(_ limit: Int64, _ transaction: borrowing Transaction) throws -> [RowPreview] {
        let keys = try SampleKeys(table: tables.source).first(limit, transaction)
        if keys.isEmpty { return [] }
        let documents = try documents(of: keys, transaction)
        let columns = try TransformColumn.all(of: stream, tables, transaction)
        var previews: [RowPreview] = []
        try Sampling(stream: stream, tables: tables, limits: limits).each(of: keys, transaction) { batch in
            let printed = try columns.enumerated().map { place, columns in
                try rows(batch.rows[place], columns, transaction)
            }
            var next = Array(repeating: 0, count: printed.count)
            for item in batch.items {
                let fate: RowPreview.Fate
                switch item.fate {
                case .empty: fate = .empty
                case .rejected(let record): fate = .rejected(code: record.code, message: record.message)
                case .migrated(let start, let end):
                    fate = .rows(
                        tables.targets.enumerated().map { place, target in
                            let first = next[place]
                            next[place] += end.rows(of: place, since: start)
                            return RowPreview.TargetRows(
                                table: target.name, rows: Array(printed[place][first..<next[place]]))
                        })
                }
                previews.append(preview(item, documents[item.key] ?? [], fate))
            }
        }
        return previews
    }

    private func preview(
        _ item: Batch.Item, _ documents: [RowPreview.Value], _ fate: RowPreview.Fate
    ) -> RowPreview {
        let cover = stream.writeBack.flatMap { column in
            item.cover.map { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                return RowPreview.Value(
                    column: column.name, excerpt: String(text.unicodeScalars.prefix(Self.excerpt)),
                    length: Int64(text.unicodeScalars.count))
            }
        }
        return RowPreview(
            stage: stage, source: tables.source.name, targets: tables.targets.map(\.name), key: item.key.description,
            documents: documents, fate: fate, writtenBack: cover)
    }

    private func documents(
        of keys: [Key], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Key: [RowPreview.Value]] {
        let names = tables.columns.map(\.name)
        let found = try transaction.run(
            """
            select \(tables.source.printedColumns(of: "s")),
                   \(Self.excerpts(names.map { "s.\($0.quoted)" }))
              from \(tables.source.name) s
             where \(ChunkQuery.condition(keys, key: tables.source.key, alias: "s"))
            """)
        let first = tables.source.key.count
        return Dictionary(
            found.rows.map { row in
                (Key(row, columns: first), Self.values(names, in: row, from: first))
            }
        ) { one, _ in one }
    }

    /// The rows that a batch holds of a target, in their order.
    private func rows(
        _ rows: CopyRows, _ columns: [TransformColumn], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [[RowPreview.Value]] {
        let arrays = zip(rows.columns(columns.count), columns).map { column, known -> SQL in
            "\(.column(column, of: known.element))"
        }
        let names = columns.indices.map { "c\($0)" }
        let found = try transaction.run(
            """
            select \(Self.excerpts(names.map { "r.\($0)" }))
              from unnest(\(SQL.joined(arrays, separator: ", "))) with ordinality
                   as r (\(unsafe: names.joined(separator: ", ")), place) order by place
            """)
        return found.rows.map { Self.values(columns.map(\.name), in: $0, from: 0) }
    }

    private static func excerpts(_ expressions: [String]) -> SQL {
        SQL(unsafe: expressions.map { "left(\($0)::text, \(excerpt)), length(\($0)::text)" }.joined(separator: ", "))
    }

    private static func values(_ names: [Identifier], in row: Row, from first: Int) -> [RowPreview.Value] {
        names.enumerated().map { index, name in
            RowPreview.Value(
                column: name.name, excerpt: row.text(first + 2 * index), length: row.int(first + 2 * index + 1) ?? 0)
        }
    }
}
