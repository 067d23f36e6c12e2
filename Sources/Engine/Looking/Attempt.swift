import Postgres

extension Transaction {
    /// Runs `body`, which only looks. What the server refuses in it, for want of a privilege or for a lock that others
    /// hold, is given back, and the transaction goes on; whatever passes by itself is thrown, to be tried again.
    func attempt<R>(_ body: () throws -> R) throws -> Result<R, ServerError> {
        do {
            return .success(try savepoint(body))
        } catch let error as PostgresError {
            guard let refusal = error.serverError else { throw error }
            let isLasting = error.errorClass != .retry || ["55P03", "57014"].contains(refusal.sqlstate)
            guard isLasting else { throw error }
            return .failure(refusal)
        }
    }
}
