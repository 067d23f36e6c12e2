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
    /// The tables that are filled, in the order in which their rows may be written: the others hang on the first.
    let targets: [StreamTarget]
    let writeBack: Identifier?
    let ledgerText: LedgerText
    /// What the catalogue says of all tables' columns, to see that it is still the same.
    let signature: String

    /// Looks the tables up; every problem is told at once. For reading alone the target need not be there yet, nor the
    /// column that is written back to.
    init(
        _ stream: Pipelines.Stream, schema: Identifier, onlyReading: Bool = false, _ transaction: borrowing Transaction
    ) throws {
        let source = QualifiedName(schema: schema, name: stream.source.table)
        carry = stream.source.carry
        writeBack = stream.writeBack
        let sourceFacts = try TableFacts(source, transaction)
        let names = stream.targets.map { QualifiedName(schema: schema, name: $0.table) }
        let targetFacts = try names.map { name throws(PostgresError) in try TableFacts(name, transaction) }
        targets = stream.targets.indices.map { place in
            StreamTarget(
                name: names[place], oid: targetFacts[place]?.oid ?? 0, parent: stream.targets[place].parent,
                rows: stream.targets[place].rows, columns: stream.targetColumns[place], links: stream.links[place])
        }
        let encoding = try transaction.row("select current_setting('server_encoding')").text(0)
        let written = names + (writeBack == nil ? [] : [source])
        signature = try TableFacts.signature(of: [source] + names, writing: written, transaction)
        ledgerText = LedgerText(isUnicode: encoding == "UTF8")
        var problems: [String] = []
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
        for (target, facts) in zip(targets, targetFacts) {
            guard let facts else {
                if !onlyReading { problems.append("there is no table \(target.name)") }
                continue
            }
            problems += StreamTables.parentProblems(target, source: self.source.key, facts)
            if let sourceFacts {
                problems += StreamTables.carryProblems(stream, source: sourceFacts, target: facts)
            }
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

    /// The names of all tables, the source's first.
    var names: [QualifiedName] { [source.name] + targets.map(\.name) }

    /// The names of the tables that are filled, for people.
    var targetNames: String { targets.map(\.name.description).joined(separator: " and ") }

    /// Whether rows can be copied in as they come: no target has any yet, and no foreign key asks for rows of another target
    /// before their turn.
    func takeRowsAsTheyCome(_ transaction: borrowing Transaction) throws(PostgresError) -> Bool {
        for target in targets {
            let hasRows: SQL = "select exists (select from \(target.name) where \(target.isOurs))"
            if try transaction.row(hasRows).bool(0) { return false }
        }
        let oids = targets.map(\.oid)
        return try !transaction.row(
            """
            select exists (select from pg_constraint
                            where contype = 'f' and conrelid = \(.int(oids[0]))::oid
                              and confrelid = any (\(.intArray(Array(oids.dropFirst())))::oid[]))
            """
        ).bool(0)
    }

    /// Why there is nothing to do, where the stream allows that: a column that it reads is gone.
    static func missing(
        _ stream: Pipelines.Stream, schema: Identifier, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> String? {
        let source = QualifiedName(schema: schema, name: stream.source.table)
        guard stream.source.maybeMissing, let facts = try TableFacts(source, transaction) else { return nil }
        let gone = stream.source.columns.filter { facts.columns[$0] == nil }.map { "\(source.name.name).\($0.name)" }
        return gone.isEmpty ? nil : "\(gone.joined(separator: ", ")) is gone already"
    }

    /// Keeps all tables from being altered until the transaction ends. Only then is a snapshot taken: one that is older than
    /// a rewrite of the table would see no row of it.
    func lock(_ transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.run(
            "lock table \(SQL.joined(names.map { "\($0)" }, separator: ", ")) in access share mode")
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
                .failed,
                "\(names.map(\.description).joined(separator: " or ")) was altered while the stage was at work",
                next: "see that they are as the stage needs them, then run again, which goes on from here")
        }
    }

    /// What the catalogue says of all tables' columns now.
    func currentSignature(_ transaction: borrowing Transaction) throws(PostgresError) -> String {
        let written = targets.map(\.name) + (writeBack == nil ? [] : [source.name])
        return try TableFacts.signature(of: names, writing: written, transaction)
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
        _ target: StreamTarget, source: [KeyColumn], _ facts: TableFacts
    ) -> [String] {
        zip(target.parent, source).compactMap { name, key in
            guard let column = facts.columns[name] else { return "\(target.name) has no column \(name)" }
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
