import Dispatch
import Postgres
import Support

/// The application's session, with a transaction open until it is told to commit.
final class HeldTransaction: Sendable {
    /// Its server process.
    let pid: Int32
    private let release: DispatchSemaphore
    private let work: Task<Void, any Error>

    /// Runs SQL in a transaction that stays open; `last` is run right before its end.
    init(in memoir: Memoir, _ sql: String, last: String = "") async throws {
        let release = DispatchSemaphore(value: 0)
        let (begun, beginning) = AsyncThrowingStream<Int32, any Error>.makeStream()
        let (target, schema) = (memoir.target, memoir.schema)
        work = Task {
            try await blocking {
                do {
                    let connection = try Connection(to: target, name: "application")
                    try connection.transaction(TransactionSettings(schemas: [schema], statement: 60)) { transaction in
                        try transaction.run(SQL(unsafe: sql))
                        beginning.yield(connection.backend.pid)
                        release.wait()
                        if !last.isEmpty { try transaction.run(SQL(unsafe: last)) }
                    }
                } catch {
                    beginning.finish(throwing: error)
                    throw error
                }
            }
        }
        self.release = release
        var pids = begun.makeAsyncIterator()
        pid = try await pids.next() ?? 0
    }

    deinit { release.signal() }

    /// Ends it, and waits for that.
    func commit() async throws {
        release.signal()
        try await work.value
    }
}
