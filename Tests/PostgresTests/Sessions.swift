import Postgres
import Support
import Testing

/// The database that tests share which leave nothing in it.
enum Shared {
    private static let made = Result { try TestServer.shared.database() }

    static var database: TestDatabase {
        get throws { try made.get() }
    }
}

/// Lends a session on a thread of its own, because its calls block.
///
/// What is to be checked is returned, so that a failure belongs to its test.
func withSession<Value: Sendable>(
    to database: TestDatabase? = nil, as role: String? = nil, deadlines: Deadlines = Deadlines(),
    interruption: Interruption? = nil, _ body: @escaping @Sendable (Connection) throws -> Value
) async throws -> Value {
    try await blocking {
        let database = try database ?? Shared.database
        return try body(database.connect(as: role, deadlines: deadlines, interruption: interruption))
    }
}

/// The error of PostgreSQL that `body` ends with; any other outcome fails the test.
func refusal(_ body: () async throws -> Void) async throws -> ServerError {
    let error = await #expect(throws: PostgresError.self) { try await body() }
    return try #require(error?.serverError, "\(String(describing: error))")
}

extension Connection {
    /// Runs statements in a transaction and gives the first row as PostgreSQL prints it, in bytes.
    func bytes(_ sql: SQL) throws -> [[UInt8]?] {
        try transaction { transaction in
            let table = try transaction.run(sql)
            return table.rows.map { $0.bytes(0) }
        }
    }
}
