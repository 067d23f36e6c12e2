import Ledger
import Pipelines
import Postgres

/// Compares the rows that a range of the source should give with those that the target has for the same keys, both ways.
/// Rows that are the same byte for byte are the same; of all others the server decides, because it alone knows how it prints
/// a value, and only what differs comes back.
struct TargetComparison {
    private let target: StreamTarget
    private let isUnicode: Bool
    private let elements: [ArrayElement]
    /// The target's columns that hold the source's key, as a key to pick ranges by.
    private let parent: [KeyColumn]

    /// A row of the target, or one that should be there.
    struct Finding {
        /// The table of the row.
        let table: QualifiedName
        /// The source's key.
        let key: Key
        let id: String
        let isFound: Bool
        let isExpected: Bool
        /// The columns whose values differ, with both.
        let values: [(column: Identifier, found: [UInt8]?, expected: [UInt8]?)]
    }

    init(
        _ target: StreamTarget, of source: KeyedTable, isUnicode: Bool, _ transaction: borrowing Transaction
    ) throws {
        self.target = target
        self.isUnicode = isUnicode
        let facts = try TableFacts(target.name, transaction)
        elements = try target.columns.map { name in
            guard let type = facts?.columns[name]?.typeOID, let element = ArrayElement(type) else {
                throw Failure(.failed, "\(target.name).\(name) is not there, or of a type that cannot be compared")
            }
            return element
        }
        parent = try target.parentKey(of: source, transaction)
    }

    /// What differs in a range. The transaction must see one moment of the target.
    func findings(
        _ rows: CopyRows, in range: KeyRange, _ transaction: borrowing Transaction
    ) throws -> [Finding] {
        let picked = ChunkQuery.condition(range, key: parent, alias: "t")
        // Two characters of another encoding may be sent as one.
        guard isUnicode, elements[0] == .uuid else { return try findings(rows, where: picked, transaction) }
        var expected = ExpectedRows(rows)
        let there: SQL =
            "select \(SQL.list(target.columns)) from \(target.name) t where \(target.isOurs) and (\(picked))"
        try transaction.copyOut(there) { try expected.meet($0) }
        var found: [Finding] = []
        for doubtful in try expected.doubtful() {
            let ids: SQL = "\(.column(doubtful.ids.columns(1)[0], of: elements[0]))"
            found += try findings(
                doubtful.rows, where: "(\(picked)) and t.\(target.columns[0]) = any (\(ids))", transaction)
        }
        return found
    }

    /// What differs among the rows of some keys, and of rows that vanished.
    func findings(
        _ rows: CopyRows, of keys: [Key], and vanished: VanishedRows, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Finding] {
        try findings(rows, where: vanished.condition(orOf: keys, parent: parent), transaction)
    }

    /// Where no key keeps an id from being there twice, one row of it is compared, and the others are too many.
    private func findings(
        _ rows: CopyRows, where condition: SQL, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [Finding] {
        let columns = target.columns
        let given = zip(rows.columns(columns.count), elements).map { column, element -> SQL in
            "\(.column(column, of: element))"
        }
        let names = columns.map(\.quoted)
        let pairs = names.flatMap { ["t.\($0)::text", "g.\($0)::text"] }
        let keys = target.parent.map { "coalesce(t.\($0.quoted), g.\($0.quoted))" }
        let id = names[0]
        let found = try transaction.run(
            """
            select \(unsafe: keys.map { "\($0)::text" }.joined(separator: ", ")),
                   coalesce(t.\(unsafe: id), g.\(unsafe: id))::text, t.\(unsafe: id) is not null,
                   g.\(unsafe: id) is not null, \(unsafe: pairs.joined(separator: ", "))
              from (select \(SQL.list(columns)), row_number() over (partition by \(columns[0])) as etl_copy from \(target.name) t
                     where \(target.isOurs) and (\(condition))) t
              \(unsafe: Mutant.is(.compareOneWay) ? "right" : "full") join unnest(\(SQL.joined(given, separator: ", "))) as g (\(unsafe: names.joined(separator: ", ")))
                on g.\(unsafe: id) = t.\(unsafe: id) and \(unsafe: Mutant.is(.overlookCopies) ? "true" : "t.etl_copy = 1")
             where (\(unsafe: names.map { "t.\($0)::text" }.joined(separator: ", ")))
                   is distinct from (\(unsafe: names.map { "g.\($0)::text" }.joined(separator: ", ")))
             order by \(unsafe: keys.joined(separator: ", ")), coalesce(t.\(unsafe: id), g.\(unsafe: id))
            """)
        let first = target.parent.count
        return found.rows.map { row in
            let values = columns.enumerated().compactMap { index, column -> (Identifier, [UInt8]?, [UInt8]?)? in
                let pair = (row.bytes(first + 3 + 2 * index), row.bytes(first + 4 + 2 * index))
                return pair.0 == pair.1 ? nil : (column, pair.0, pair.1)
            }
            return Finding(
                table: target.name, key: Key(row, columns: first), id: row.text(first) ?? "",
                isFound: row.bool(first + 1), isExpected: row.bool(first + 2), values: values)
        }
    }
}

extension ArrayElement {
    /// The element that stands for a column of a type; text for the types that share its form.
    init?(_ typeOID: Int64) {
        self.init(rawValue: UInt32(truncatingIfNeeded: typeOID == TypeOID.varchar ? TypeOID.text : typeOID))
    }
}

extension TargetComparison.Finding {
    /// What it says, for people: the row as a whole, or each value that differs.
    func differences(isStale: Bool, _ text: LedgerText) -> [Difference] {
        func difference(_ kind: Difference.Kind, _ place: String, _ found: String?, _ expected: String?) -> Difference {
            Difference(
                kind: kind, isStale: isStale, table: table.description, key: text.printable(key.description),
                place: place, found: found, expected: expected)
        }
        guard isFound, isExpected else {
            let shown = values.map { value in
                let (found, expected) = Difference.excerpts(value.found, value.expected, text)
                return "\(value.column.name) \(found ?? expected ?? "")"
            }.joined(separator: " | ")
            return [
                difference(
                    isFound ? .extra : .missing, "row \(id)", isFound ? shown : nil, isExpected ? shown : nil)
            ]
        }
        return values.map { value in
            let (found, expected) = Difference.excerpts(value.found, value.expected, text)
            return difference(.different, "row \(id), column \(value.column.name)", found, expected)
        }
    }
}
