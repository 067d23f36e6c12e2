import Pipelines
import Postgres
import Transforms

/// A column of a key: its name, and its type as it stands in a cast.
struct KeyColumn {
    let name: Identifier
    let type: String
    let typeOID: Int64
    let collation: String?

    /// The type with the column's collation: what a value is cast to that is put in the column's order beside no column.
    var ordering: String { collation.map { "\(type) collate \($0)" } ?? type }
}

extension KeyColumn {
    /// A column as the catalogue has it.
    init(_ name: Identifier, _ column: TableFacts.Column) {
        self.init(name: name, type: column.type, typeOID: column.typeOID, collation: column.collation)
    }
}

/// A table whose rows are told apart by a key, as the catalogue has it now.
struct KeyedTable {
    let name: QualifiedName
    let oid: Int64
    let key: [KeyColumn]

    /// Looks a table up; every problem is told at once.
    init(_ name: QualifiedName, key: [Identifier], _ transaction: borrowing Transaction) throws {
        var problems: [String] = []
        let facts = try TableFacts(name, transaction)
        self.init(name, key: key, facts: facts, problems: &problems)
        if let facts {
            problems += try facts.keyProblems(key, transaction)
        } else {
            problems.append("there is no table \(name)")
        }
        guard problems.isEmpty else {
            throw Failure(.failed, "\(name) is not what the stage needs", details: problems)
        }
    }

    /// What the catalogue says of the key's columns; what is wrong with them is added to the problems.
    init(_ name: QualifiedName, key: [Identifier], facts: TableFacts?, problems: inout [String]) {
        self.name = name
        oid = facts?.oid ?? 0
        var columns: [KeyColumn] = []
        for column in key {
            guard let facts else { continue }
            guard let found = facts.columns[column] else {
                problems.append("\(name) has no column \(column)")
                continue
            }
            if !TypeOID.keys.contains(found.typeOID) {
                problems.append("\(name).\(column) is of type \(found.type), which cannot be a key here")
            }
            columns.append(KeyColumn(column, found))
        }
        self.key = columns
    }

    /// The key as it is printed, as one SQL expression: for hashes.
    func printedKey(of alias: String) -> String { Self.printed(columns, of: alias) }

    /// The same for a key of these columns.
    static func printed(_ columns: [Identifier], of alias: String) -> String {
        let parts = columns.map { "\(alias).\($0.quoted)::text" }
        return parts.count == 1 ? parts[0] : "array[\(parts.joined(separator: ", "))]::text"
    }

    /// The columns of the key as they are printed, one by one: what a `Key` is read from.
    func printedColumns(of alias: String) -> SQL {
        SQL(unsafe: columns.map { "\(alias).\($0.quoted)::text" }.joined(separator: ", "))
    }

    /// The 64-bit hash of a row's key, as one SQL expression.
    func keyHash(of alias: String) -> SQL {
        "hashtextextended(\(unsafe: printedKey(of: alias)) collate \"C\", 0)"
    }

    /// The hash of a row's key and `xmin`: what sums over rows are made of.
    func mark(of alias: String) -> SQL {
        "hashtextextended(\(unsafe: printedKey(of: alias)) collate \"C\", \(unsafe: alias).xmin::text::bigint)"
    }

    /// How many rows there are now, and the sum of their marks, as text; of those that a condition on `source` picks.
    func marks(
        where condition: SQL = "true", _ transaction: borrowing Transaction
    ) throws(PostgresError) -> (rows: Int64, sum: String) {
        let row = try transaction.row(
            "select count(*), coalesce(sum(\(mark(of: "source"))), 0)::text from \(name) source where \(condition)")
        return (row.int(0) ?? 0, row.text(1) ?? "0")
    }

    /// The columns of the key.
    var columns: [Identifier] { key.map(\.name) }
}
