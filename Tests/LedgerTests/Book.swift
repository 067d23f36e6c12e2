import Ledger
import Postgres
import Support

/// A ledger in a database of its own, and what a run needs to be in it.
struct Book: Sendable {
    let database: TestDatabase
    let ledger = Ledger(schema: Identifier("etl"))
    let actor = Actor(host: "machine", osUser: "somebody", pid: 7, program: "etl test")

    /// A ledger with nothing in it.
    static func open() async throws -> Book {
        let book = Book(database: try await blocking { try TestServer.shared.database() })
        _ = try await book.write { try book.ledger.create($0) }
        return book
    }

    /// Transactions of the ledger have its schema in front.
    static let settings = TransactionSettings(schemas: [Identifier("etl")], statement: 30, lock: 5)

    /// The same for whoever only looks.
    static let looking = TransactionSettings(access: .read, schemas: [Identifier("etl")], statement: 30)

    /// A session under a name of its own.
    func connect(name: String) throws -> Connection {
        try Connection(to: database.connectionTarget(), name: name)
    }

    /// Lends a session on a thread of its own, because its calls block.
    func session<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await blocking { try body(database.connect()) }
    }

    /// Lends one transaction of a session of its own.
    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        try await session { try $0.transaction(Self.settings, body) }
    }

    /// Begins a run with one stage and as many chunks as `bounds` asks for: each bound ends one, the last is open.
    func beginStage(keyColumns: Int = 1, bounds: [String] = []) async throws -> ChunkedStage {
        let stage = try await write { transaction in
            let run = try ledger.lockRun(of: "pipeline", on: Identifier("public"), transaction)
            try ledger.register([("load", "stream", false)], of: run.id, transaction)
            return ChunkedStage(run: run.id, name: "load", keyColumns: keyColumns)
        }
        try await write { transaction in
            for (index, pair) in zip([nil] + bounds.map { Optional($0) }, bounds.map { Optional($0) } + [nil])
                .enumerated()
            {
                try transaction.run(
                    """
                    insert into chunks (run_id, stage, n, lower, upper)
                    values (\(.int(stage.run.value)), 'load', \(.int(Int64(index + 1)))::int,
                            \(.text(pair.0.map { "{\($0)}" }))::text[], \(.text(pair.1.map { "{\($0)}" }))::text[])
                    """)
            }
        }
        return stage
    }

    /// Enters a session into the ledger as a worker of a run.
    func addWorker(_ connection: Connection, to run: RunID, isPooled: Bool = false) throws -> WorkerID {
        try connection.transaction(Self.settings) {
            try ledger.addWorker(
                number: 1, to: run, actor: actor, backend: connection.backend, isPooled: isPooled, $0)
        }
    }

    /// What psql reads, with the ledger's schema in front.
    func psql(_ sql: String) async throws -> String {
        try await blocking { try database.psql("set search_path = etl; " + sql) }
    }
}

extension Connection {
    /// Runs one transaction of the ledger.
    func write<Value>(_ body: (borrowing Transaction) throws -> Value) throws -> Value {
        try transaction(Book.settings, body)
    }
}
