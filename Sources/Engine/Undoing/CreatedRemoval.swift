import Postgres

/// Takes away what stages created. What others made is never touched: where something of theirs depends on an object of
/// ours, nothing is removed.
struct CreatedRemoval {
    /// The schema that the application's event triggers expect.
    let schema: Identifier

    /// Removes those of the objects that are still there; gives what was removed.
    func remove(
        _ objects: [CreatedObject], _ transaction: borrowing Transaction
    ) throws -> [CreatedObject] {
        let tables = Set(objects.compactMap { if case .table(let name) = $0 { name } else { nil } })
        // What is a part of a table goes with it.
        let wanted = objects.filter { object in
            guard object.isPartOfTable, let table = object.table else { return true }
            return !tables.contains(table)
        }
        return try transaction.working(in: [schema], lock: transaction.settings.lock) {
            var removed: [CreatedObject] = []
            var left = try Self.present(wanted, transaction)
            while !left.isEmpty {
                let (done, refusals) = try attempt(left, transaction)
                if done.isEmpty { throw Self.refusal(refusals) }
                removed += done
                // One that went with another is gone, too.
                left = try Self.present(left.filter { !done.contains($0) }, transaction)
            }
            return removed
        }
    }

    /// Those of some objects that are there, in the order in which they can be removed.
    static func present(
        _ objects: [CreatedObject], _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [CreatedObject] {
        if objects.isEmpty { return [] }
        let there = Set(try CatalogObjects.all(transaction).compactMap { CreatedObject($0) })
        return objects.filter(there.contains).sorted { $0.rank < $1.rank }
    }

    private func attempt(
        _ objects: [CreatedObject], _ transaction: borrowing Transaction
    ) throws -> (done: [CreatedObject], refusals: [(CreatedObject, ServerError)]) {
        var done: [CreatedObject] = []
        var refusals: [(CreatedObject, ServerError)] = []
        for object in objects {
            do {
                try transaction.savepoint { _ = try transaction.run(object.removal) }
                done.append(object)
            } catch let error as PostgresError {
                guard let refusal = error.serverError, ["2BP01", "42704", "42P01", "42703"].contains(refusal.sqlstate)
                else { throw error }
                refusals.append((object, refusal))
            }
        }
        return (done, refusals)
    }

    private static func refusal(_ refusals: [(CreatedObject, ServerError)]) -> Failure {
        let details = refusals.map { object, error in
            "\(object.description): \(error.message)"
                + (error.detail.map { "; \($0.replacing("\n", with: "; "))" } ?? "")
        }
        return Failure(
            .refused, "others depend on what is to be removed, or made it anew", details: details,
            next: "drop or change what depends on it, then run this again")
    }
}
