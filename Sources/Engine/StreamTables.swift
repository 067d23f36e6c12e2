import Pipelines
import Postgres
import Transforms

/// A column of a key: its name, and its type as it stands in a cast.
struct KeyColumn {
    let name: Identifier
    let type: String
    let typeOID: Int64
}

/// A column that holds documents.
struct DocumentColumn {
    let name: Identifier
    let type: DocumentType
}

/// The tables of a stream stage as the catalogue has them now: everything that its SQL is made from.
struct StreamTables {
    let source: QualifiedName
    let sourceOID: Int64
    let key: [KeyColumn]
    let columns: [DocumentColumn]
    let target: QualifiedName
    let targetOID: Int64
    let parent: [Identifier]
    let writeBack: Identifier?
    let ledgerText: LedgerText

    /// Looks the tables up; every problem is told at once.
    init(_ stream: Pipelines.Stream, schema: Identifier, _ transaction: borrowing Transaction) throws {
        source = QualifiedName(schema: schema, name: stream.source.table)
        target = QualifiedName(schema: schema, name: stream.target.table)
        parent = stream.target.parent
        writeBack = stream.writeBack
        let sourceFacts = try TableFacts(source, transaction)
        let targetFacts = try TableFacts(target, transaction)
        let encoding = try transaction.row("select current_setting('server_encoding')").text(0)
        ledgerText = LedgerText(isUnicode: encoding == "UTF8")
        var problems: [String] = []
        sourceOID = sourceFacts?.oid ?? 0
        targetOID = targetFacts?.oid ?? 0
        key = StreamTables.keyColumns(stream, of: sourceFacts, problems: &problems)
        columns = StreamTables.documentColumns(stream, of: sourceFacts, problems: &problems)
        if let sourceFacts {
            problems += try sourceFacts.keyProblems(stream.source.key, transaction)
            if let writeBack, sourceFacts.columns[writeBack.name]?.typeOID != TypeOID.jsonb {
                problems.append("\(source).\(writeBack) is not there, or is no jsonb")
            }
        } else {
            problems.append("there is no table \(source)")
        }
        if let targetFacts {
            problems += StreamTables.parentProblems(stream, source: key, target: targetFacts)
        } else {
            problems.append("there is no table \(target)")
        }
        if stream.source.key.count > 1 {
            // The rows of two parents that share the first part would get the same ids.
            problems.append(
                "\(stream.transform.rawValue) makes ids of a key of one column, and \(source.name) has "
                    + "(\(stream.source.key.map(\.name).joined(separator: ", ")))")
        }
        guard problems.isEmpty else {
            throw Failure(.failed, "the tables are not what the stage needs", details: problems)
        }
    }

    /// The key as it is printed, as one SQL expression: for hashes.
    func printedKey(of alias: String) -> String {
        let parts = key.map { "\(alias).\($0.name.quoted)::text" }
        return parts.count == 1 ? parts[0] : "array[\(parts.joined(separator: ", "))]::text"
    }

    private static func keyColumns(
        _ stream: Pipelines.Stream, of table: TableFacts?, problems: inout [String]
    ) -> [KeyColumn] {
        var columns: [KeyColumn] = []
        for name in stream.source.key {
            guard let table else { continue }
            guard let column = table.columns[name.name] else {
                problems.append("\(table.name) has no column \(name)")
                continue
            }
            if !TypeOID.keys.contains(column.typeOID) {
                problems.append("\(table.name).\(name) is of type \(column.type), which cannot be a key here")
            }
            columns.append(KeyColumn(name: name, type: column.type, typeOID: column.typeOID))
        }
        return columns
    }

    private static func documentColumns(
        _ stream: Pipelines.Stream, of table: TableFacts?, problems: inout [String]
    ) -> [DocumentColumn] {
        var columns: [DocumentColumn] = []
        for name in stream.source.columns {
            guard let table else { continue }
            guard let column = table.columns[name.name] else {
                problems.append("\(table.name) has no column \(name)")
                continue
            }
            guard let type = TypeOID.documents[column.typeOID] else {
                problems.append("\(table.name).\(name) is of type \(column.type), which holds no documents")
                continue
            }
            columns.append(DocumentColumn(name: name, type: type))
        }
        return columns
    }

    /// The key is copied in binary, so its type must have the same binary form on both sides.
    private static func parentProblems(
        _ stream: Pipelines.Stream, source: [KeyColumn], target: TableFacts
    ) -> [String] {
        zip(stream.target.parent, source).compactMap { name, key in
            guard let column = target.columns[name.name] else { return "\(target.name) has no column \(name)" }
            let texts = [TypeOID.text, TypeOID.varchar]
            let isSame =
                column.typeOID == key.typeOID || (texts.contains(column.typeOID) && texts.contains(key.typeOID))
            return isSame
                ? nil : "\(target.name).\(name) is of type \(column.type), but the source's key is \(key.type)"
        }
    }
}

/// The types that the engine knows by number, the same in every PostgreSQL.
enum TypeOID {
    static let text: Int64 = 25
    static let varchar: Int64 = 1043
    static let jsonb: Int64 = 3802
    /// `uuid`, `text`, `varchar`, `bigint`, `integer`, `smallint`.
    static let keys: Set<Int64> = [2950, text, varchar, 20, 23, 21]
    static let documents: [Int64: DocumentType] = [text: .text, varchar: .text, 114: .json, jsonb: .jsonb]
}

/// What the catalogue says about a table.
struct TableFacts {
    struct Column {
        let typeOID: Int64
        let type: String
    }

    let name: QualifiedName
    let oid: Int64
    let columns: [String: Column]

    /// Looks a table up; nil when there is none.
    init?(_ name: QualifiedName, _ transaction: borrowing Transaction) throws(PostgresError) {
        let found = try transaction.run(
            """
            select c.oid, a.attname, coalesce(nullif(t.typbasetype, 0), t.oid), format_type(a.atttypid, a.atttypmod)
              from pg_class c
              join pg_namespace n on n.oid = c.relnamespace
              join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              join pg_type t on t.oid = a.atttypid
             where n.nspname = \(.text(name.schema.name)) and c.relname = \(.text(name.name.name))
               and c.relkind in ('r', 'p')
            """)
        guard let oid = found.first?.int(0) else { return nil }
        self.name = name
        self.oid = oid
        var columns: [String: Column] = [:]
        for row in found.rows {
            columns[row.text(1) ?? ""] = Column(typeOID: row.int(2) ?? 0, type: row.text(3) ?? "")
        }
        self.columns = columns
    }

    /// The key must pick one row, and an index must follow its order.
    func keyProblems(_ key: [Identifier], _ transaction: borrowing Transaction) throws(PostgresError) -> [String] {
        let names = key.map { Array($0.name.utf8) }
        let found = try transaction.row(
            """
            select exists (
                select from pg_index i
                 where i.indrelid = \(.int(oid))::oid and i.indisunique and i.indisvalid and i.indpred is null
                   and i.indnkeyatts = cardinality(\(.textArray(names)))
                   and array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k (attnum, place)
                               join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and a.attnotnull
                              where place <= i.indnkeyatts order by place) = \(.textArray(names)))
            """)
        if found.bool(0) { return [] }
        let list = key.map(\.name).joined(separator: ", ")
        return ["\(name) has no primary key, nor a unique index on not null columns, on (\(list))"]
    }
}
