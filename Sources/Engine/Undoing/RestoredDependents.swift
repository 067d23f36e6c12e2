import Ledger
import Postgres

/// Makes again what went with columns that were dropped: indexes, constraints, statistics, grants. One after the other; the
/// ledger keeps the list of those that are left.
struct RestoredDependents {
    let context: UndoContext
    let stage: String
    let table: QualifiedName

    private var site: Site { context.site }

    /// Does what can be done; says what cannot.
    func perform() throws -> [String] {
        var lacking: [String] = []
        while let part = Part(try left()) {
            guard let reason = try make(part.statement) else { continue }
            lacking.append("not made again: \(part.description); \(reason)")
        }
        return lacking
    }

    private func left() throws -> [String] {
        try context.perform(stage) { try site.ledger.dropped(by: stage, of: context.run, $0)?.dependents ?? [] }
    }

    /// Runs a statement; gives what PostgreSQL said where it refused for good.
    private func make(_ statement: String) throws -> String? {
        if let index = DependentIndex(statement) {
            let refusal = try build(index)
            return try settle(statement, refusal: refusal) { _ in }
        }
        // It vouches for the rows there are afterwards, without keeping others away for as long.
        if let (name, definition) = constraint(statement), !definition.hasSuffix(" NOT VALID"),
            !definition.hasSuffix(" NOT ENFORCED"),
            definition.hasPrefix("FOREIGN KEY ") || definition.hasPrefix("CHECK ")
        {
            let validation = "alter table \(table.quoted) validate constraint \(name.quoted)"
            return try settle(statement, then: validation) { try run(statement + " not valid", $0) }
        }
        return try settle(statement) { try run(statement, $0) }
    }

    /// Does work, and puts another statement in the place of the one that it was for, in one transaction. What is refused
    /// for good is left out, and said.
    private func settle(
        _ statement: String, then next: String? = nil, refusal: String? = nil,
        _ work: (borrowing Transaction) throws -> Void
    ) throws -> String? {
        try context.perform(stage, site.defining, locking: [table]) { transaction in
            let left = try site.ledger.dropped(by: stage, of: context.run, transaction)?.dependents ?? []
            // Where the answer to a commit was lost, it is done already.
            guard let part = Part(left), part.statement == statement else { return nil }
            var refusal = refusal
            do {
                if refusal == nil { try transaction.savepoint { try work(transaction) } }
            } catch let error as PostgresError {
                refusal = try error.finalRefusal()
            }
            if let refusal {
                try context.audit("stage \(stage): not made again: \(part.description); \(refusal)", transaction)
            }
            let follows = refusal == nil ? part.settings + (next.map { [$0] } ?? []) : []
            let others = left.dropFirst(1 + part.settings.count)
            try site.ledger.setDependents(follows + others, by: stage, of: context.run, transaction)
            return refusal
        }
    }

    private func run(_ statement: String, _ transaction: borrowing Transaction) throws {
        try transaction.working(in: [table.schema], lock: transaction.settings.lock) {
            _ = try transaction.run(SQL(unsafe: statement))
        }
    }

    /// Name and definition of the constraint that a statement adds to the table.
    private func constraint(_ statement: String) -> (name: Identifier, definition: String)? {
        var names = NameScanner(statement[...])
        guard names.skip("alter table "), names.qualified() == table, names.skip(" add constraint "),
            let name = names.identifier(), names.skip(" ")
        else { return nil }
        return (name, names.remainder)
    }

    /// Builds an index without keeping anybody from writing, where that can be done; gives why it never will be.
    private func build(_ index: DependentIndex) throws -> String? {
        try site.throwIfStopping()
        return try context.session.perform("undoing stage \(stage)", locking: [table]) { connection in
            // Each attempt looks: where the answer to the one before was lost, it is done already, or left half-made.
            let state = try connection.transaction(site.looking) { try index.state($0) }
            if state == .ready { return nil }
            if state == .taken { return "another table has an index of that name" }
            let other = try Connection(
                to: site.target, name: "etl:\(context.run.value):index", deadlines: site.deadlines,
                interruption: site.interruption)
            do {
                if other.isPooled || state == .partitioned {
                    try other.transaction(site.defining) { try run(index.definition, $0) }
                    return nil
                }
                // Waiting for this lock keeps nobody from reading or writing.
                if state == .broken { try other.runOutsideTransaction(index.removal, lock: 0) }
                try other.runOutsideTransaction(SQL(unsafe: index.concurrently), lock: 0)
                return nil
            } catch let error as PostgresError {
                let refusal = try error.finalRefusal()
                // What stands there whole, or on another table, is not what was begun here.
                if try !other.isPooled && connection.transaction(site.looking, { try index.state($0) }) == .broken {
                    try other.runOutsideTransaction(index.removal, lock: 0)
                }
                return refusal
            }
        }
    }
}

extension PostgresError {
    /// What PostgreSQL said, where trying again would not help; else throws the error.
    fileprivate func finalRefusal() throws(PostgresError) -> String {
        guard let error = serverError, errorClass != .retry, !endsSession else { throw self }
        return "PostgreSQL says: \(error.message)"
    }
}

/// The first of the statements that are left.
private struct Part {
    let statement: String
    /// Those that give what it makes its settings: without it there is nothing to give them to, or something of another's.
    let settings: [String]

    init?(_ left: [String]) {
        guard let first = left.first else { return nil }
        statement = first
        let behind = DependentSettings.contain(first) ? [] : left.dropFirst().prefix(while: DependentSettings.contain)
        settings = Array(behind)
    }

    /// All of it, for people.
    var description: String { ([statement] + settings).joined(separator: "; ") }
}

/// An index by the statement that makes it.
struct DependentIndex {
    /// How it stands.
    enum State {
        case absent, broken, ready
        /// Another table has one of its name.
        case taken
        /// It is absent, and its table has partitions: there it cannot be built concurrently.
        case partitioned
    }

    let definition: String
    let concurrently: String
    private let name: QualifiedName
    private let table: QualifiedName

    /// Nil for a statement that makes no index. It is in the schema of its table, which may be a partition of the one whose
    /// columns were dropped.
    init?(_ statement: String) {
        let kinds = ["CREATE INDEX ", "CREATE UNIQUE INDEX "]
        guard let kind = kinds.first(where: { statement.hasPrefix($0) }) else { return nil }
        let rest = statement.dropFirst(kind.count)
        var names = NameScanner(rest)
        guard let name = names.identifier(), names.skip(" ON "), let table = names.qualified() else { return nil }
        definition = statement
        concurrently = kind + "concurrently " + rest
        self.name = QualifiedName(schema: table.schema, name: name)
        self.table = table
    }

    var removal: SQL { "drop index concurrently if exists \(name)" }

    func state(_ transaction: borrowing Transaction) throws(PostgresError) -> State {
        let row = try transaction.row(
            """
            select i.indrelid = t.oid, i.indisvalid and i.indisready,
                   (select relkind = 'p' from pg_class where oid = t.oid)
              from (select to_regclass(\(.text(table.quoted))) as oid) t
              left join pg_index i on i.indexrelid = to_regclass(\(.text(name.quoted)))
            """)
        if row.text(0) == nil { return row.bool(2) ? .partitioned : .absent }
        guard row.bool(0) else { return .taken }
        return row.bool(1) ? .ready : .broken
    }
}
