import Postgres

/// How many source rows a chunk is planned with, where the operator does not say: what a chunk costs by itself should be little
/// beside its rows, and these should be held no longer than a moment.
enum ChunkSize {
    static let range: ClosedRange<Int64> = 1000...5000
    /// So many chunks are there at least before they become larger, or workers would have nothing to do at the end.
    private static let chunks: Int64 = 16
    /// How many rows are looked at to learn how large documents are.
    private static let sample: Int64 = 1000

    /// Small documents make larger chunks. What is compressed may become several times its size.
    static func rows(
        _ limits: BatchLimits, of source: QualifiedName, documents: [Identifier], total: Int64,
        _ transaction: borrowing Transaction
    ) throws(PostgresError) -> Int64 {
        if let rows = limits.rows { return rows }
        let few = max(range.lowerBound, min(total / chunks, range.upperBound))
        if documents.isEmpty || few == range.lowerBound { return few }
        let sizes = documents.map { "coalesce(pg_column_size(\($0.quoted)), 0)" }.joined(separator: " + ")
        let size = try transaction.row(
            """
            select coalesce(ceil(avg(size)), 0)::bigint
              from (select \(unsafe: sizes) as size from \(source) limit \(.int(sample))) sampled
            """
        ).int(0)
        return max(range.lowerBound, min(few, limits.bytes / max(1, 4 * (size ?? 0))))
    }
}
