@testable import Postgres

/// Errors as a server gives them.
enum PostgresErrors {
    static let lockTimeout = PostgresError.refused(
        ServerError(
            severity: "ERROR", sqlstate: "55P03", message: "canceling statement due to lock timeout"))
}
