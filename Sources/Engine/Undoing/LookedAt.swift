import Postgres

/// What the tables and columns that an undoing removes held before it looked whether others wrote to them. While they hold
/// just that, what it found is still so.
struct LookedAt {
    /// How many rows or values there were, and a sum over them.
    private struct Sum: Equatable {
        let count: Int64
        let sum: String
    }

    private var sums: [CreatedObject: Sum] = [:]

    /// Nothing, which is always as it was.
    init() {}

    /// Takes the sums; some scans, without a lock that anybody feels.
    init(_ objects: [CreatedObject], _ transaction: borrowing Transaction) throws(PostgresError) {
        for object in objects { sums[object] = try Self.sum(of: object, transaction) }
    }

    /// The tables among some for which there are sums.
    func tables(among tables: [QualifiedName]) -> [QualifiedName] {
        tables.filter { table in sums.keys.contains { $0.table == table } }
    }

    /// What of some tables is not as it was; what is not there any more is no loss.
    func changed(
        in tables: [QualifiedName]? = nil, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> [CreatedObject] {
        let those = sums.keys.filter { object in object.table.map { tables?.contains($0) ?? true } ?? false }
        var changed: [CreatedObject] = []
        for object in try CreatedRemoval.present(Array(those), transaction)
        where try Self.sum(of: object, transaction) != sums[object] { changed.append(object) }
        return changed
    }

    private static func sum(
        of object: CreatedObject, _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Sum? {
        let sum: SQL
        switch object {
        // Whoever writes to a row leaves his transaction's number.
        case .table(let table):
            sum = "select count(*), coalesce(sum(hashint8extended(xmin::text::bigint, 0)), 0)::text from \(table)"
        // The rest of the row is not ours to remove, and may change.
        case .column(let column, let table):
            sum = """
                select count(\(column)), coalesce(sum(hashtextextended(\(column)::text collate "C", 0)), 0)::text
                  from \(table)
                """
        default: return nil
        }
        let row = try transaction.row(sum)
        return Sum(count: row.int(0) ?? 0, sum: row.text(1) ?? "")
    }
}
