import CLibPQ

/// Proof that a transaction is open: what must commit with it takes one. It is lent to a closure and cannot be kept.
public struct Transaction: ~Copyable {
    let connection: Connection

    /// Runs a statement, or several where no value is bound, and gives the last result.
    @discardableResult
    public func run(_ sql: SQL) throws(PostgresError) -> ResultTable {
        try connection.execute(sql, within: settings.statement)
    }

    /// Runs a statement that gives exactly one row.
    public func row(_ sql: SQL) throws(PostgresError) -> Row {
        guard let row = try run(sql).first else { throw .unexpectedAnswer("no row from: \(sql.text)") }
        return row
    }

    /// Runs a statement that must write exactly one row; anything else is another's doing.
    public func changeOne(_ sql: SQL) throws(PostgresError) {
        let rows = try run(sql).affectedRows
        guard rows == 1 else { throw .unexpectedAnswer("\(rows) rows written where one was meant: \(sql.text)") }
    }

    /// Runs `body`; when it throws, only what it did is undone.
    public func savepoint<R>(_ body: () throws -> R) throws -> R {
        try run("savepoint etl_part")
        do {
            let value = try body()
            try run("release savepoint etl_part")
            return value
        } catch {
            if let error = error as? PostgresError, error.endsSession { throw error }
            if Mutant.is(.keepSavepoint) { throw error }
            try run("rollback to savepoint etl_part; release savepoint etl_part")
            throw error
        }
    }

    /// Runs `body` with another search path, and waiting at most so long for a lock: for what may fire triggers of
    /// others, or wait for others' rows. Afterwards, unless it throws, both are as before, but COMMIT has the last search path that
    /// there was for such, because triggers may be deferred until then. `keepsToIndexes` says whether a transaction that keeps
    /// to indexes does so here, too; what joins a temporary table should not.
    public func working<R>(
        in schemas: [Identifier], lock: Double, keepsToIndexes: Bool = false, _ body: () throws -> R
    ) throws -> R {
        let keeps = settings.keepsToIndexes
        if !schemas.isEmpty, schemas != settings.schemas, settings.access == .write {
            connection.schemasAtCommit = schemas
        }
        try run(Connection.environment(schemas: schemas, lock: lock, keepsToIndexes: keeps ? keepsToIndexes : nil))
        let value = try body()
        try run(
            Connection.environment(schemas: settings.schemas, lock: settings.lock, keepsToIndexes: keeps ? true : nil))
        return value
    }

    /// How the transaction was set up.
    public let settings: TransactionSettings
}

/// How a transaction is set up. Said in full at every BEGIN, so that no default of a role or a pooler matters.
public struct TransactionSettings: Sendable {
    /// Whether it may write.
    public enum Access: String, Sendable {
        case write = "read write"
        case read = "read only"
    }

    /// What it sees: each statement its own snapshot, or one for all.
    public enum Isolation: String, Sendable {
        case readCommitted = "read committed"
        case repeatableRead = "repeatable read"
    }

    /// Whether it may write.
    public var access: Access
    /// What it sees.
    public var isolation: Isolation
    /// Where unqualified names are sought after `pg_catalog`; temporary objects always come last.
    public var schemas: [Identifier]
    /// Seconds for one statement; zero means without end.
    public var statement: Double
    /// Seconds to wait for a lock; zero means without end.
    public var lock: Double
    /// Whether tables are read by their indexes wherever that can be, whatever the server thinks it knows of their size: for
    /// work on a few rows of large tables, whose statistics may be old or lacking. Within
    /// `Transaction.working` only where that says so.
    public var keepsToIndexes = false

    /// The settings of a transaction; without `schemas` only the catalogue is found by unqualified names.
    public init(
        access: Access = .write, isolation: Isolation = .readCommitted, schemas: [Identifier] = [],
        statement: Double, lock: Double = 0
    ) {
        self.access = access
        self.isolation = isolation
        self.schemas = schemas
        self.statement = statement
        self.lock = lock
    }
}

extension Connection {
    /// Runs `body` in a transaction with the session's own deadlines.
    public func transaction<R>(_ body: (borrowing Transaction) throws -> R) throws -> R {
        try transaction(TransactionSettings(statement: deadlines.statement), body)
    }

    /// Runs `body` in a transaction: returning commits, throwing rolls back.
    ///
    /// Throws `PostgresError.commitUnknown` when COMMIT was sent and its answer was not heard: the caller must look,
    /// on a new session, whether its rows are there. The error of `body` is thrown as it is, whatever the rollback does.
    public func transaction<R>(
        _ settings: TransactionSettings, _ body: (borrowing Transaction) throws -> R
    ) throws -> R {
        let value: R
        do {
            schemasAtCommit = []
            // A BEGIN that fails half-way leaves a transaction to be ended, too.
            _ = try execute(begin(settings), within: deadlines.statement)
            value = try body(Transaction(connection: self, settings: settings))
            if !schemasAtCommit.isEmpty, !Mutant.is(.commitInOwnSchema) {
                let path = Self.searchPath(schemasAtCommit)
                _ = try execute(SQL(unsafe: "set local search_path = \(path)"), within: deadlines.statement)
            }
        } catch {
            rollBack(after: error)
            throw error
        }
        try commit()
        return value
    }

    private func begin(_ settings: TransactionSettings) -> SQL {
        return SQL(
            unsafe: """
                begin isolation level \(settings.isolation.rawValue) \(settings.access.rawValue);\
                \(hardening.text) \(environment(of: settings).text);\
                 set local statement_timeout = \(Self.milliseconds(settings.statement));\
                 set local idle_in_transaction_session_timeout = \(Self.milliseconds(deadlines.idle))
                """)
    }

    /// Where unqualified names are sought, and how long locks are waited for, until the transaction ends.
    fileprivate static func environment(schemas: [Identifier], lock: Double, keepsToIndexes: Bool?) -> SQL {
        SQL(
            unsafe: """
                set local search_path = \(searchPath(schemas));\
                 set local lock_timeout = \(milliseconds(lock))
                """ + (keepsToIndexes.map(reading) ?? ""))
    }

    /// Where there is no index, a table is read through all the same.
    private static func reading(byIndexes: Bool) -> String {
        "; set local enable_seqscan = \(byIndexes ? "off" : "on")"
    }

    private func environment(of settings: TransactionSettings) -> SQL {
        let keeps = settings.keepsToIndexes
        return Self.environment(schemas: settings.schemas, lock: settings.lock, keepsToIndexes: keeps ? true : nil)
    }

    private static func searchPath(_ schemas: [Identifier]) -> String {
        // pg_catalog is always sought first; named in front it would also be where new objects go.
        ((schemas.isEmpty ? ["pg_catalog"] : schemas.map(\.quoted)) + ["pg_temp"]).joined(separator: ", ")
    }

    private static func milliseconds(_ seconds: Double) -> Int { Int((seconds * 1000).rounded(.up)) }

    private func rollBack(after error: any Error) {
        if let error = error as? PostgresError, error.endsSession { return }
        // The first error is the one to tell; where ROLLBACK fails too, the session is unusable and says so next.
        _ = try? execute("rollback", within: deadlines.statement)
    }

    /// COMMIT goes alone in its message, and has three outcomes: done, not done, unknown.
    private func commit() throws(PostgresError) {
        let result: ResultTable
        do {
            result = try execute("commit", within: deadlines.statement)
        } catch .refused(let error) {
            throw .refused(error)
        } catch {
            if Mutant.is(.unheardCommitIsDone) { return }
            if Mutant.is(.unheardCommitIsRefused) { throw error }
            throw .commitUnknown(reason: error.description)
        }
        if Mutant.is(.ignoreCommitTag) { return }
        switch result.commandTag {
        case "COMMIT": return
        case "ROLLBACK": throw .rolledBackAtCommit
        default: throw .commitUnknown(reason: "COMMIT was answered with \(result.commandTag)")
        }
    }

    /// Runs a statement that cannot run inside a transaction, such as CREATE INDEX CONCURRENTLY, on a direct session.
    ///
    /// The settings that harden a transaction are made for the session instead. Throws where a pooler is in between.
    public func runOutsideTransaction(
        _ sql: SQL, lock: Double, schemas: [Identifier] = []
    ) throws(PostgresError) {
        guard !isPooled else {
            throw .unexpectedAnswer("behind a pooler a statement cannot run outside a transaction: connect directly")
        }
        _ = try execute(
            """
            select pg_catalog.set_config('search_path', \(.text(Self.searchPath(schemas))), false),
                   pg_catalog.set_config('statement_timeout', '0', false),
                   pg_catalog.set_config('lock_timeout', \(.text("\(Self.milliseconds(lock))ms")), false)
            """, within: deadlines.statement)
        _ = try execute(sql, within: 0)
    }
}
