import Pipelines
import Postgres
import Transforms

/// A column that holds documents.
struct DocumentColumn {
    let name: Identifier
    let type: DocumentType
}

/// The tables of a stream stage as the catalogue has them now: everything that its SQL is made from.
struct StreamTables {
    let source: KeyedTable
    let columns: [DocumentColumn]
    /// Columns that go into columns of the same name in the target, as they are.
    let carry: [Identifier]
    let target: QualifiedName
    let targetOID: Int64
    let parent: [Identifier]
    /// Which rows of the target are the stream's; nil where all are.
    let rows: String?
    let writeBack: Identifier?
    let ledgerText: LedgerText
    /// What the catalogue says of both tables' columns, to see that it is still the same.
    let signature: String

    /// Looks the tables up; every problem is told at once. For reading alone the target need not be there yet, nor the
    /// column that is written back to.
    init(
        _ stream: Pipelines.Stream, schema: Identifier, onlyReading: Bool = false, _ transaction: borrowing Transaction
    ) throws {
        let source = QualifiedName(schema: schema, name: stream.source.table)
        target = QualifiedName(schema: schema, name: stream.target.table)
        parent = stream.target.parent
        rows = stream.target.rows
        carry = stream.source.carry
        writeBack = stream.writeBack
        let sourceFacts = try TableFacts(source, transaction)
        let targetFacts = try TableFacts(target, transaction)
        let encoding = try transaction.row("select current_setting('server_encoding')").text(0)
        let written = [target] + (writeBack == nil ? [] : [source])
        signature = try TableFacts.signature(of: [source, target], writing: written, transaction)
        ledgerText = LedgerText(isUnicode: encoding == "UTF8")
        var problems: [String] = []
        targetOID = targetFacts?.oid ?? 0
        self.source = KeyedTable(source, key: stream.source.key, facts: sourceFacts, problems: &problems)
        columns = StreamTables.documentColumns(stream, of: sourceFacts, problems: &problems)
        if let sourceFacts {
            problems += try sourceFacts.keyProblems(stream.source.key, transaction)
            if let writeBack, sourceFacts.columns[writeBack]?.typeOID != TypeOID.jsonb, !onlyReading {
                problems.append("\(source).\(writeBack) is not there, or is no jsonb")
            }
        } else {
            problems.append("there is no table \(source)")
        }
        if let targetFacts {
            problems += StreamTables.parentProblems(stream, source: self.source.key, target: targetFacts)
            if let sourceFacts {
                problems += StreamTables.carryProblems(stream, source: sourceFacts, target: targetFacts)
            }
        } else if !onlyReading {
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

    /// The condition that picks the stream's own rows of the target.
    var isOurs: SQL { rows.map { "(\(unsafe: $0))" } ?? "true" }

    /// Why there is nothing to do, where the stream allows that: a column that it reads is gone.
    static func missing(
        _ stream: Pipelines.Stream, schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        let source = QualifiedName(schema: schema, name: stream.source.table)
        guard stream.source.maybeMissing, let facts = try TableFacts(source, transaction) else { return nil }
        let gone = stream.source.columns.filter { facts.columns[$0] == nil }.map { "\(source.name.name).\($0.name)" }
        return gone.isEmpty ? nil : "\(gone.joined(separator: ", ")) is gone already"
    }

    /// Keeps both tables from being altered until the transaction ends. Only then is a snapshot taken: one that is older than
    /// a rewrite of the table would see no row of it.
    func lock(_ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run("lock table \(source.name), \(target) in access share mode")
    }

    /// The same, and throws when they were altered since they were looked up.
    func lockAgainstChange(_ transaction: borrowing Transaction) throws {
        try lock(transaction)
        try refuseAltered(transaction)
    }

    /// Throws when the tables were altered since they were looked up.
    func refuseAltered(_ transaction: borrowing Transaction) throws {
        guard try currentSignature(transaction) == signature else {
            throw Failure(
                .failed, "\(source.name) or \(target) was altered while the stage was at work",
                next: "see that both are as the stage needs them, then run again, which goes on from here")
        }
    }

    /// What the catalogue says of both tables' columns now.
    func currentSignature(_ transaction: borrowing Transaction) throws(PostgresError) -> String {
        let written = [target] + (writeBack == nil ? [] : [source.name])
        return try TableFacts.signature(of: [source.name, target], writing: written, transaction)
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
            return TypeOID.haveSameForm(column.typeOID, key.typeOID)
                ? nil : "\(target.name).\(name) is of type \(column.type), but the source's key is \(key.type)"
        }
    }

    /// Carried columns are copied in binary, too.
    private static func carryProblems(
        _ stream: Pipelines.Stream, source: TableFacts, target: TableFacts
    ) -> [String] {
        stream.source.carry.compactMap { name in
            guard let from = source.columns[name] else { return "\(source.name) has no column \(name)" }
            guard let to = target.columns[name] else { return "\(target.name) has no column \(name)" }
            return TypeOID.haveSameForm(from.typeOID, to.typeOID)
                ? nil : "\(target.name).\(name) is of type \(to.type), but \(source.name) has \(from.type)"
        }
    }
}
