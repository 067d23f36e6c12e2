import Pipelines
import Postgres
import Transforms

/// A column of a key: its name, and its type as it stands in a cast.
struct KeyColumn {
    let name: Identifier
    let type: String
    let typeOID: Int64
    let collation: Int64
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
    /// What the catalogue says of both tables' columns, to see that it is still the same.
    let signature: String

    /// Looks the tables up; every problem is told at once.
    init(_ stream: Pipelines.Stream, schema: Identifier, _ transaction: borrowing Transaction) throws {
        source = QualifiedName(schema: schema, name: stream.source.table)
        target = QualifiedName(schema: schema, name: stream.target.table)
        parent = stream.target.parent
        writeBack = stream.writeBack
        let sourceFacts = try TableFacts(source, transaction)
        let targetFacts = try TableFacts(target, transaction)
        let encoding = try transaction.row("select current_setting('server_encoding')").text(0)
        signature = try StreamTables.signature(of: source, target, transaction)
        ledgerText = LedgerText(isUnicode: encoding == "UTF8")
        var problems: [String] = []
        sourceOID = sourceFacts?.oid ?? 0
        targetOID = targetFacts?.oid ?? 0
        key = StreamTables.keyColumns(stream, of: sourceFacts, problems: &problems)
        columns = StreamTables.documentColumns(stream, of: sourceFacts, problems: &problems)
        if let sourceFacts {
            problems += try sourceFacts.keyProblems(stream.source.key, transaction)
            if let writeBack, sourceFacts.columns[writeBack]?.typeOID != TypeOID.jsonb {
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

    /// Keeps both tables from being altered until the transaction ends, and throws when they were since they were looked
    /// up. Only then is a snapshot taken: one that is older than a rewrite of the table would see no row of it.
    func lockAgainstChange(_ transaction: borrowing Transaction) throws {
        try transaction.run("lock table \(source), \(target) in access share mode")
        guard try Self.signature(of: source, target, transaction) == signature else {
            throw Failure(
                .failed, "\(source) or \(target) was altered while the stage was at work",
                next: "see that both are as the stage needs them, then run again, which goes on from here")
        }
    }

    private static func signature(
        of source: QualifiedName, _ target: QualifiedName, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String {
        try transaction.row(
            """
            select string_agg(concat_ws(' ', attrelid, attnum, attname, atttypid, attisdropped), ','
                              order by attrelid, attnum)
              from pg_attribute
             where attrelid in (to_regclass(\(.text(source.quoted))), to_regclass(\(.text(target.quoted))))
               and attnum > 0
            """
        ).text(0) ?? ""
    }

    private static func keyColumns(
        _ stream: Pipelines.Stream, of table: TableFacts?, problems: inout [String]
    ) -> [KeyColumn] {
        var columns: [KeyColumn] = []
        for name in stream.source.key {
            guard let table else { continue }
            guard let column = table.columns[name] else {
                problems.append("\(table.name) has no column \(name)")
                continue
            }
            if !TypeOID.keys.contains(column.typeOID) {
                problems.append("\(table.name).\(name) is of type \(column.type), which cannot be a key here")
            }
            columns.append(
                KeyColumn(
                    name: name, type: column.type, typeOID: column.typeOID, collation: column.collation))
        }
        return columns
    }

    private static func documentColumns(
        _ stream: Pipelines.Stream, of table: TableFacts?, problems: inout [String]
    ) -> [DocumentColumn] {
        var columns: [DocumentColumn] = []
        for name in stream.source.columns {
            guard let table else { continue }
            guard let column = table.columns[name] else {
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
            guard let column = target.columns[name] else { return "\(target.name) has no column \(name)" }
            let texts = [TypeOID.text, TypeOID.varchar]
            let isSame =
                column.typeOID == key.typeOID || (texts.contains(column.typeOID) && texts.contains(key.typeOID))
            return isSame
                ? nil : "\(target.name).\(name) is of type \(column.type), but the source's key is \(key.type)"
        }
    }
}
